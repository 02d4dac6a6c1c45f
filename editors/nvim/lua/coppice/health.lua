--- `:checkhealth coppice`
local M = {}

--- How long `coppice --version` may take.
local VERSION_MS = 5000

--- Whether a program is there, and which version it is.
function M._program(command)
  local health = vim.health
  local path = vim.fn.exepath(command)
  if path == '' then
    local names = vim.fn.has('nvim-0.11') == 1 and "vim.lsp.config('coppice', %s)" or "require('coppice').setup(%s)"
    return health.error(
      ('`%s` cannot be run'):format(command),
      { 'cargo install --path . in the checkout of coppice', 'or name it: ' .. names:format("{ cmd = { '/path/to/coppice' } }") }
    )
  end
  local ran, done = pcall(function()
    return vim.system({ path, '--version' }, { text = true }):wait(VERSION_MS)
  end)
  if ran and done.code == 0 then
    health.ok(('%s: %s'):format(path, vim.trim(done.stdout)))
  else
    health.error(('%s does not tell its version'):format(path), ran and { done.stderr } or { tostring(done) })
  end
end

function M.check()
  local health = vim.health
  health.start('coppice')
  if vim.fn.has('nvim-0.10') == 0 then
    return health.error('Neovim 0.10 or later is needed')
  end

  local client = require('coppice').client()
  local config = client and client.config or require('coppice')._config()
  if type(config.cmd) == 'function' then
    health.info('the server is started by a function, and not looked at here')
  else
    M._program(config.cmd and config.cmd[1] or 'coppice')
  end

  local clients = vim.lsp.get_clients({ name = 'coppice' })
  if #clients == 0 then
    health.info('no server runs; it starts with the first file of a language that it knows')
  elseif #clients > 1 then
    health.warn(
      ('%d servers run, each with a budget of its own'):format(#clients),
      { 'keep `reuse_client` of lsp/coppice.lua when you override the configuration' }
    )
  end
  for _, client in ipairs(clients) do
    -- Neovim 0.10 does not keep what a server says of itself.
    local version = (client.server_info or {}).version
    local folders = vim.tbl_map(function(folder)
      return vim.fn.fnamemodify(vim.uri_to_fname(folder.uri), ':~')
    end, client.workspace_folders or {})
    local serves = #folders > 0 and 'serves ' .. table.concat(folders, ', ') or 'serves single files'
    health.ok(('client %d%s, %s'):format(client.id, version and ', version ' .. version or '', serves))
    for buffer in pairs(client.attached_buffers) do
      local others = vim.tbl_filter(function(other)
        return other.name ~= 'coppice'
      end, vim.lsp.get_clients({ bufnr = buffer, method = 'textDocument/hover' }))
      if #others > 0 and not rawget(client, '_coppice_yields') then
        local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':~:.')
        health.warn(
          ('%s has another server for the same questions (%s)'):format(name, others[1].name),
          { "require('coppice').beside() leaves to others what they can do; :help coppice-beside" }
        )
      end
    end
  end
end

return M
