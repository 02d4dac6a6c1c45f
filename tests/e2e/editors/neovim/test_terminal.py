"""Neovim in a terminal, set up as the plugin's README says: NVIM and COPPICE_BIN name the programs."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from terminal import Terminal

NVIM = os.environ["NVIM"]
COPPICE = os.environ["COPPICE_BIN"]
PLUGIN = Path(__file__).parents[4] / "editors" / "nvim"

FILES = {
    "python/.git/HEAD": "",
    "python/shapes.py": 'class Circle:\n    """A round thing."""\n\n    def area(self) -> float:\n        return 3.0\n',
    "python/main.py": "from shapes import Circle\n\n\ndef total():\n    return Circle().area()\n\n\nprint(total())\n",
    "python/broken.py": "def half(:\n",
}

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
vim.o.swapfile = false
vim.o.termguicolors = true
vim.o.shortmess = vim.o.shortmess .. 'I'
"""


class NeovimTest(unittest.TestCase):
    def setUp(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="coppice-neovim-"))
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        for name, text in {**FILES, "config/nvim/init.lua": INIT}.items():
            path = self.place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def open(self, file: str, *arguments: str) -> Terminal:
        environment = dict(os.environ, HOME=str(self.place), TERM="xterm-256color", XDG_RUNTIME_DIR=str(self.place))
        environment |= {f"XDG_{what}_HOME": str(self.place / what.lower()) for what in ("CONFIG", "STATE", "DATA", "CACHE")}
        terminal = Terminal(self.place, [NVIM, "-i", "NONE", *arguments, file], self.place / "python", environment)
        self.addCleanup(terminal.close)
        terminal.seen(r"coppice \d+ of \d+ MB")
        return terminal

    def test_shows_a_hover_and_memory_in_the_status_line(self) -> None:
        terminal = self.open("main.py", "+call cursor(5, 13)")
        self.assertIn("class Circle", terminal.ask(["K"], "A round thing"))
        terminal.seen(r"main\.py .*coppice \d+ of \d+ MB")
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
