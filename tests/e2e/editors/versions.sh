# Sourced: which editors are tested, and where they are kept. Neovim and Helix come with a suite of Debian.
NODE_VERSION=24.21.0
CODE_SERVER_VERSION=4.139.1
PLAYWRIGHT_VERSION=1.65.1
# What makes a client of Kakoune, which comes with this system's suite of Debian.
KAKOUNE_LSP_VERSION=22.0.0
# A server made for one language, which coppice stands beside.
PYRIGHT_VERSION=1.1.414
# Suites of Debian, and what the tests take for granted of the Neovim and Helix in them.
STABLE=trixie
STABLE_NEOVIM_VERSION=0.10
STABLE_HELIX_VERSION=25.01
NEXT=forky
NEXT_NEOVIM_VERSION=0.12
NEXT_HELIX_VERSION=25.07
# Hundreds of megabytes that outlive any checkout.
EDITORS=${COPPICE_EDITORS:-${XDG_CACHE_HOME:-$HOME/.cache}/coppice-editors}
PYRIGHT=$EDITORS/pyright-$PYRIGHT_VERSION/node_modules/.bin
KAKOUNE_LSP=$EDITORS/kakoune-lsp-$KAKOUNE_LSP_VERSION/bin
