"""Neovim in a terminal, set up as the plugin's README says: NVIM and COPPICE_BIN name the programs."""

from __future__ import annotations

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from terminal import EditorTest, Terminal

NVIM = os.environ["NVIM"]
COPPICE = os.environ["COPPICE_BIN"]
PLUGIN = Path(__file__).parents[4] / "editors" / "nvim"

INIT = f"""
vim.opt.runtimepath:append('{PLUGIN}')
if vim.fn.has('nvim-0.11') == 1 then
  vim.lsp.config('coppice', {{ cmd = {{ '{COPPICE}' }} }})
  vim.lsp.enable('coppice')
else
  require('coppice').setup({{ cmd = {{ '{COPPICE}' }} }})
end
vim.o.statusline = "%f %m%=%{{v:lua.require'coppice'.status()}}"
vim.o.number = true
-- The search for Python that comes with Python files may take seconds.
vim.g.loaded_python3_provider = 0
vim.o.swapfile = false
vim.o.termguicolors = true
vim.o.shortmess = vim.o.shortmess .. 'I'
"""


class NeovimTest(EditorTest):
    MORE = {"config/nvim/init.lua": INIT}

    def open(self, file: str, *arguments: str) -> Terminal:
        terminal = Terminal(self.place, [NVIM, "-i", "NONE", *arguments, file], self.place / "python", self.environment())
        self.addCleanup(terminal.close)
        terminal.seen(r"coppice \d+ of \d+ MiB")
        return terminal

    def test_shows_a_hover_and_memory_in_the_status_line(self) -> None:
        terminal = self.open("main.py", "+call cursor(5, 13)")
        self.assertIn("class Circle", terminal.ask(["K"], "A round thing"))
        terminal.seen(r"main\.py .*coppice \d+ of \d+ MiB")
        terminal.picture("neovim-hover")

    def test_shows_an_error_beside_its_line(self) -> None:
        terminal = self.open("broken.py")
        terminal.seen(r"^E.*def half\(:")
        terminal.command("lua vim.diagnostic.open_float()")
        terminal.seen("(?i)syntax|expected")
        terminal.picture("neovim-diagnostics")

    def test_tells_of_memory_and_folders(self) -> None:
        terminal = self.open("main.py")
        terminal.command("Coppice status")
        terminal.seen(r"files, .* lines")
        terminal.picture("neovim-status")


if __name__ == "__main__":
    unittest.main(verbosity=2)
