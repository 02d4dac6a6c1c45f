# Sourced: which editors are tested, and where they are kept. Neovim and Helix come with a suite of Debian.
NODE_VERSION=24.21.0
CODE_SERVER_VERSION=4.139.1
PLAYWRIGHT_VERSION=1.65.1
# What makes a client of Kakoune, which comes with this system's suite of Debian.
KAKOUNE_LSP_VERSION=22.0.0
# A server made for one language, which coppice stands beside.
PYRIGHT_VERSION=1.1.414
# The stable suite has Neovim 0.10 and Helix 25.01, the next one Neovim 0.12 and Helix 25.07.
STABLE=trixie
NEXT=forky
# Hundreds of megabytes that outlive any checkout.
EDITORS=${COPPICE_EDITORS:-${XDG_CACHE_HOME:-$HOME/.cache}/coppice-editors}
PYRIGHT=$EDITORS/pyright-$PYRIGHT_VERSION/node_modules/.bin
KAKOUNE_LSP=$EDITORS/kakoune-lsp-$KAKOUNE_LSP_VERSION/bin
