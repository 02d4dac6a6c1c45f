---@brief
---
--- coppice, a language server for every language in the workspace, in one process, inside one memory budget.
---
--- `cargo install --path .` in its checkout puts `coppice` on the `PATH`. All roots that are opened become folders of one server.

--- Milliseconds between two looks at whether a server that is being reused has started, and how often to look.
local INITIALIZED_POLL_MS, INITIALIZED_POLLS_MAX = 20, 500

--- Files at the top of a project, by file type.
local manifests = {
  rust = { 'Cargo.toml' },
  python = { 'pyproject.toml', 'setup.py', 'setup.cfg' },
  typescript = { 'package.json', 'tsconfig.json', 'jsconfig.json', 'tsconfig.base.json' },
  typescriptreact = { 'package.json', 'tsconfig.json', 'jsconfig.json', 'tsconfig.base.json' },
  javascript = { 'package.json', 'tsconfig.json', 'jsconfig.json', 'tsconfig.base.json' },
  javascriptreact = { 'package.json', 'tsconfig.json', 'jsconfig.json', 'tsconfig.base.json' },
  go = { 'go.mod', 'go.work' },
  java = { 'pom.xml', 'build.gradle', 'build.gradle.kts', 'build.xml', 'module-info.java' },
  c = { 'compile_commands.json', 'compile_flags.txt' },
  cpp = { 'compile_commands.json', 'compile_flags.txt' },
}

--- The repository around a file, or the project of its language where there is none.
---@param bufnr integer
---@param on_dir fun(root?: string)
local function root_dir(bufnr, on_dir)
  local config = vim.lsp.config and vim.lsp.config.coppice or {}
  local names = manifests[vim.bo[bufnr].filetype]
  on_dir(vim.fs.root(bufnr, config.root_markers or '.git') or names and vim.fs.root(bufnr, names))
end

--- Whether a server has ended or been told to.
---@param client vim.lsp.Client
local function is_stopped(client)
  if rawget(client, '_coppice_ends') then
    return true
  end
  if vim.fn.has('nvim-0.11') == 1 then
    return client:is_stopped()
  end
  return client.is_stopped()
end

--- Tells a running server of one more folder, once it can be told anything. A server that does not come to that has not the
--- folder, and the next file in it is another try.
---@param client vim.lsp.Client
---@param folder lsp.WorkspaceFolder
---@param polls integer
local function add_folder(client, folder, polls)
  if client.initialized then
    local params = { event = { added = { folder }, removed = {} } }
    if vim.fn.has('nvim-0.11') == 1 then
      client:notify('workspace/didChangeWorkspaceFolders', params)
    else
      client.notify('workspace/didChangeWorkspaceFolders', params)
    end
  elseif polls < INITIALIZED_POLLS_MAX and not is_stopped(client) then
    vim.defer_fn(function()
      add_folder(client, folder, polls + 1)
    end, INITIALIZED_POLL_MS)
  else
    client.workspace_folders = vim.tbl_filter(function(one)
      return one ~= folder
    end, client.workspace_folders)
    vim.notify(('coppice has not started, and does not serve %s'):format(folder.name), vim.log.levels.WARN)
  end
end

--- Asks for all tokens of a buffer each time. Neovim up to 0.12 takes an answer that it has cancelled, or the one about
--- the window, for what a list of changes is about, and then colours other words or fails.
---@param client vim.lsp.Client
local function whole_tokens(client)
  local tokens = client.server_capabilities.semanticTokensProvider
  if tokens then
    tokens.full = true
  end
end

--- Lets nothing be asked of a server that has been told to end, and nothing join it. Neovim up to 0.11 knows of that only
--- once the process goes, and shows the errors that answer what it asks until then.
---@param client vim.lsp.Client
local function note_end(client)
  local stop = client.stop
  client.stop = function(...)
    rawset(client, '_coppice_ends', true)
    client.request = function()
      return false
    end
    return stop(...)
  end
end

--- What is wrong with the buffers is asked again, too: from 0.12 on Neovim only asks about the workspace then, and leaves the
--- buffers out of what it is told.
---@param ctx lsp.HandlerContext
local function refresh_diagnostics(err, result, ctx)
  local client = vim.lsp.get_client_by_id(ctx.client_id)
  if client and vim.fn.has('nvim-0.12') == 1 then
    for bufnr in pairs(client.attached_buffers) do
      if client:supports_method('textDocument/diagnostic', bufnr) then
        local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
        client:request('textDocument/diagnostic', params, nil, bufnr)
      end
    end
  end
  local handler = vim.lsp.handlers['workspace/diagnostic/refresh']
  return handler and handler(err, result, ctx) or vim.NIL
end

---@type vim.lsp.Config
return {
  cmd = { 'coppice' },
  filetypes = {
    'rust',
    'python',
    'typescript',
    'typescriptreact',
    'javascript',
    'javascriptreact',
    'go',
    'java',
    'c',
    'cpp',
  },
  -- A whole repository is one folder, whatever projects it has; others of these count before a project's own files, too.
  root_markers = { '.git' },
  root_dir = root_dir,
  on_init = function(client)
    whole_tokens(client)
    note_end(client)
  end,
  handlers = { ['workspace/diagnostic/refresh'] = refresh_diagnostics },
  -- One process for all folders: a new root joins the server that runs already.
  reuse_client = function(client, config)
    if client.name ~= config.name or is_stopped(client) then
      return false
    end
    if not config.root_dir then
      return true
    end
    local uri = vim.uri_from_fname(config.root_dir)
    local folders = client.workspace_folders or {}
    for _, folder in ipairs(folders) do
      if folder.uri == uri then
        return true
      end
    end
    local folder = { uri = uri, name = config.root_dir }
    client.workspace_folders = vim.list_extend(folders, { folder })
    add_folder(client, folder, 0)
    return true
  end,
}
