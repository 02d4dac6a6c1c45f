if vim.g.loaded_coppice then
  return
end
vim.g.loaded_coppice = 1

-- The server tells of every change of its folders' states; the status line reads what was told last.
vim.lsp.handlers['coppice/statusChanged'] = function(_, status)
  require('coppice')._told(status)
end

vim.api.nvim_create_user_command('Coppice', function(command)
  require('coppice')._command(command.fargs)
end, {
  nargs = '+',
  desc = 'What coppice can be told and asked; :help :Coppice',
  complete = function(lead, line)
    return require('coppice')._complete(lead, line)
  end,
})
