//! The editors whose configuration is documented, and where it goes.

/// An editor, or another program that takes language servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Editor {
    Helix,
    Neovim,
    #[value(name = "vscode")]
    VsCode,
    Emacs,
    Zed,
    Sublime,
    Kakoune,
    ClaudeCode,
}

impl Editor {
    /// Where the configuration goes, for the user.
    pub fn place(self) -> &'static str {
        match self {
            Editor::Helix => "# for ~/.config/helix/languages.toml",
            Editor::Neovim => {
                "# for ~/.config/nvim/lsp/coppice.lua; then, in init.lua: vim.lsp.enable('coppice')"
            }
            Editor::VsCode => "# for VS Code's settings.json; the extension is in editors/vscode",
            Editor::Emacs => "# for ~/.emacs.d/init.el; then M-x eglot in a file",
            Editor::Zed => "",
            Editor::Sublime => "# for LSP.sublime-settings, of the package LSP",
            Editor::Kakoune => "# for ~/.config/kak/kakrc, after kakoune-lsp is loaded",
            Editor::ClaudeCode => {
                "# for .lsp.json in a plugin's directory, beside .claude-plugin/plugin.json"
            }
        }
    }

    /// How the editor is told to prefer another server.
    pub(super) fn preference(self) -> &'static str {
        match self {
            Editor::Helix => "name the server",
            Editor::Neovim => {
                "in Neovim, require('coppice').beside() does it, from the plugin in editors/nvim"
            }
            Editor::VsCode => "in VS Code, the setting coppice.coexistence does it",
            Editor::Emacs | Editor::Zed | Editor::Sublime | Editor::Kakoune | Editor::ClaudeCode => {
                "leave the language out of --languages to keep its own server"
            }
        }
    }
}
