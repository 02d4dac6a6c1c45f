--- The plugin and the server in a real Neovim, as a user sets it up.

local scratch, plugin, server = vim.env.SCRATCH, vim.env.PLUGIN, vim.env.COPPICE_BIN
--- How long the server may take to do what a test waits for; the machine may be busy.
local PATIENCE_MS = 90000

--- Waits until a function gives something, and gives that.
local function eventually(what, try)
  local got
  vim.wait(PATIENCE_MS, function()
    got = try()
    return got and true or false
  end, 20)
  return got or error('not seen: ' .. what, 2)
end

local function equal(got, wanted)
  if not vim.deep_equal(got, wanted) then
    error(('got %s, wanted %s'):format(vim.inspect(got), vim.inspect(wanted)), 2)
  end
end

local function write(path, text)
  vim.fn.mkdir(vim.fs.dirname(path), 'p')
  local file = assert(io.open(path, 'w'))
  file:write(text)
  file:close()
end

local python, rust = scratch .. '/python', scratch .. '/rust'
vim.fn.mkdir(python .. '/.git', 'p')
vim.fn.mkdir(rust .. '/.git', 'p')
write(python .. '/shapes.py', 'class Circle:\n    """A round thing."""\n\n    def area(self) -> float:\n        return 3.0\n')
write(python .. '/main.py', 'from shapes import Circle\n\n\ndef total():\n    return Circle().area()\n\n\nprint(total())\n')
write(python .. '/broken.py', 'def half(:\n')
write(rust .. '/Cargo.toml', '[package]\nname = "tool"\n')
write(rust .. '/src/main.rs', 'fn helper() -> u32 {\n    1\n}\n\nfn main() {\n    helper();\n}\n')

-- As in a user's init.lua.
vim.opt.runtimepath:append(plugin)
vim.cmd('filetype plugin on')
vim.cmd.runtime('plugin/coppice.lua')
vim.o.swapfile = false
-- The search for Python that comes with Python files may take seconds.
vim.g.loaded_python3_provider = 0
-- With what keeps a folder from being read for a while.
local settings = { cmd = { server }, cmd_env = { COPPICE_TEST_HOOKS = '1' } }
if vim.fn.has('nvim-0.11') == 1 then
  vim.lsp.config('coppice', settings)
  vim.lsp.enable('coppice')
else
  require('coppice').setup(settings)
end

local function clients(name)
  return vim.lsp.get_clients({ name = name or 'coppice' })
end

--- Ends the clients of a name.
local function stop(name, force)
  for _, client in ipairs(clients(name)) do
    if vim.fn.has('nvim-0.11') == 1 then
      client:stop(force)
    else
      client.stop(force)
    end
  end
end

--- Ends all of ours, and waits until they have.
local function end_all(force)
  stop('coppice', force)
  eventually('no client', function()
    return #clients() == 0
  end)
end

--- Opens a file and waits for its client.
local function open(path)
  vim.cmd.edit(path)
  return eventually('a client of ' .. path, function()
    local client = vim.lsp.get_clients({ name = 'coppice', bufnr = 0 })[1]
    return client and client.initialized and client
  end)
end

local function cursor(line, column)
  vim.api.nvim_win_set_cursor(0, { line, column })
end

local function status()
  local client = clients()[1]
  local done
  if vim.fn.has('nvim-0.11') == 1 then
    done = client:request_sync('coppice/status', vim.NIL, PATIENCE_MS, 0)
  else
    done = client.request_sync('coppice/status', vim.NIL, PATIENCE_MS, 0)
  end
  return done.result
end

--- What was said to the user and should not have been.
local complaints = {}
local notify = vim.notify
vim.notify = function(text, level, options)
  if level == vim.log.levels.ERROR then
    table.insert(complaints, text)
  end
  return notify(text, level, options)
end

--- Fails on errors that Neovim has shown since the last time, by `vim.notify` or as a message.
local function no_complaints()
  for _, line in ipairs(vim.split(vim.fn.execute('messages'), '\n', { trimempty = true })) do
    if line:find('^E%d+:') or line:find('[Ee]rror') or line:find('coppice: ?%-') then
      table.insert(complaints, line)
    end
  end
  vim.cmd('messages clear')
  local found = complaints
  complaints = {}
  equal(found, {})
end

--- What `vim.notify` was told while a function ran.
local function told(run)
  local before, texts = vim.notify, {}
  vim.notify = function(text)
    table.insert(texts, text)
  end
  local ok, problem = pcall(run, texts)
  vim.notify = before
  return assert(ok, problem) and table.concat(texts, '\n')
end

local function hover_text()
  vim.lsp.buf.hover()
  local window = eventually('a hover', function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= '' then
        return window
      end
    end
  end)
  local text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
  vim.api.nvim_win_close(window, true)
  return text
end

local tests = {}
local function test(name, run)
  table.insert(tests, { name = name, run = run })
end

test('attaches, and says what it is', function()
  local client = open(python .. '/main.py')
  if vim.fn.has('nvim-0.11') == 1 then
    equal(client.server_info.name, 'coppice')
  end
  equal(client.workspace_folders[1].name, python)
end)

test('shows syntax errors', function()
  open(python .. '/broken.py')
  local found = eventually('a diagnostic', function()
    return vim.diagnostic.get(0)[1]
  end)
  equal(found.lnum, 0)
  equal(found.severity, vim.diagnostic.severity.ERROR)
end)

test('shows a hover', function()
  open(python .. '/main.py')
  cursor(5, 11)
  local text = hover_text()
  assert(text:find('class Circle') and text:find('A round thing'), text)
end)

test('goes to a definition in another file', function()
  open(python .. '/main.py')
  cursor(5, 20)
  vim.lsp.buf.definition()
  eventually('the other file', function()
    return vim.api.nvim_buf_get_name(0) == python .. '/shapes.py'
  end)
  equal(vim.api.nvim_win_get_cursor(0), { 4, 8 })
end)

test('lists references', function()
  open(python .. '/shapes.py')
  cursor(1, 6)
  vim.fn.setqflist({})
  vim.lsp.buf.references()
  local list = eventually('references', function()
    local list = vim.fn.getqflist()
    return #list > 0 and list
  end)
  local places = vim.tbl_map(function(item)
    return ('%s:%d:%d'):format(vim.fs.basename(vim.api.nvim_buf_get_name(item.bufnr)), item.lnum, item.col)
  end, list)
  table.sort(places)
  equal(places, { 'main.py:1:20', 'main.py:5:12', 'shapes.py:1:7' })
  vim.cmd.cclose()
end)

test('lists the symbols of a document and of the workspace', function()
  open(python .. '/shapes.py')
  local list
  vim.lsp.buf.document_symbol({
    on_list = function(options)
      list = options.items
    end,
  })
  eventually('symbols', function()
    return list
  end)
  assert(list[1].text:find('Circle') and list[2].text:find('area'), vim.inspect(list))
  vim.fn.setqflist({})
  vim.lsp.buf.workspace_symbol('total')
  eventually('the symbol', function()
    local first = vim.fn.getqflist()[1]
    return first and first.text:find('total')
  end)
  vim.cmd.cclose()
end)

test('lists callers', function()
  open(python .. '/main.py')
  cursor(4, 5)
  vim.fn.setqflist({})
  vim.lsp.buf.incoming_calls()
  eventually('the caller', function()
    local first = vim.fn.getqflist()[1]
    return first and first.lnum == 8
  end)
  vim.cmd.cclose()
end)

test('completes', function()
  open(python .. '/main.py')
  local position = vim.lsp.util.make_position_params(0, 'utf-16')
  position.position = { line = 4, character = 20 }
  local labels = {}
  for _, answer in pairs(vim.lsp.buf_request_sync(0, 'textDocument/completion', position, PATIENCE_MS)) do
    local items = answer.result and (answer.result.items or answer.result) or {}
    vim.list_extend(labels, vim.tbl_map(function(item) return item.label end, items))
  end
  assert(vim.tbl_contains(labels, 'area'), vim.inspect(labels))
end)

test('has an answer to everything that the help names', function()
  open(python .. '/main.py')
  local at = vim.lsp.util.make_position_params(0, 'utf-16')
  at.position = { line = 4, character = 20 }
  local range = { start = { line = 0, character = 0 }, ['end'] = { line = 7, character = 0 } }
  local file = { textDocument = at.textDocument }
  local asked = {
    declaration = at,
    typeDefinition = at,
    implementation = at,
    documentHighlight = at,
    signatureHelp = at,
    prepareTypeHierarchy = at,
    codeLens = file,
    foldingRange = file,
    inlayHint = vim.tbl_extend('error', { range = range }, file),
    selectionRange = vim.tbl_extend('error', { positions = { at.position } }, file),
    codeAction = vim.tbl_extend('error', { range = range, context = { diagnostics = {} } }, file),
  }
  for method, params in pairs(asked) do
    local answers = vim.lsp.buf_request_sync(0, 'textDocument/' .. method, params, PATIENCE_MS)
    local _, answer = next(answers or {})
    assert(answer and not answer.err, method .. vim.inspect(answer))
  end
end)

test('keeps its tokens right when it is told to ask again while it waits', function()
  local client = open(python .. '/main.py')
  local buffer = vim.api.nvim_get_current_buf()
  local params = { textDocument = vim.lsp.util.make_text_document_params(buffer) }
  local state = eventually('tokens', function()
    local highlighter = vim.lsp.semantic_tokens.__STHighlighter.active[buffer]
    local state = highlighter and highlighter.client_state[client.id]
    return state and state.current_result.version and state
  end)
  local refresh = vim.lsp.handlers['workspace/semanticTokens/refresh']
  for round = 1, 20 do
    vim.api.nvim_buf_set_lines(buffer, 0, 0, false, { ('def round_%d(a, b): return a + b'):format(round) })
    for _ = 1, 3 do
      refresh(nil, nil, { client_id = client.id })
      vim.wait(round % 4)
    end
    eventually('new tokens', function()
      return state.current_result.version == vim.lsp.util.buf_versions[buffer] and not state.active_request.version
    end)
    local answer = vim.lsp.buf_request_sync(buffer, 'textDocument/semanticTokens/full', params, PATIENCE_MS)[client.id]
    equal(state.current_result.tokens, answer.result.data)
  end
  vim.cmd('edit!')
end)

test('renames', function()
  open(python .. '/main.py')
  cursor(4, 5)
  vim.lsp.buf.rename('grand_total')
  eventually('the new name', function()
    return vim.api.nvim_buf_get_lines(0, 7, 8, false)[1] == 'print(grand_total())'
  end)
  equal(vim.api.nvim_buf_get_lines(0, 3, 4, false), { 'def grand_total():' })
  vim.cmd('edit!')
end)

test('serves two folders with one process', function()
  open(python .. '/main.py')
  open(rust .. '/src/main.rs')
  equal(#clients(), 1)
  eventually('two folders', function()
    return #status().folders == 2
  end)
  cursor(6, 5)
  assert(hover_text():find('fn helper'))
end)

test('takes a project that is in no repository for a folder', function()
  local plain = scratch .. '/plain'
  write(plain .. '/go.mod', 'module example.com/plain\n')
  write(plain .. '/deep/er/main.go', 'package er\n')
  -- What tells a project of another language is no reason to read all of what is around.
  write(scratch .. '/Cargo.toml', '[package]\nname = "around"\n')
  open(plain .. '/deep/er/main.go')
  eventually('the folder', function()
    return vim.iter(status().folders):any(function(folder) return folder.name == plain end)
  end)
  equal(#clients(), 1)
  os.remove(scratch .. '/Cargo.toml')
  if vim.fn.has('nvim-0.11') == 1 then
    vim.lsp.config('coppice', { root_markers = { 'TOP', '.git' } })
    write(plain .. '/deep/TOP', '')
    write(plain .. '/deep/er/late.go', 'package er\n')
    open(plain .. '/deep/er/late.go')
    eventually('the folder of another marker', function()
      return vim.iter(status().folders):any(function(folder) return folder.name == plain .. '/deep' end)
    end)
    vim.lsp.config('coppice', { root_markers = { '.git' } })
  end
  vim.cmd('silent! %bwipeout!')
end)

test('shows what the folder finds in a file that was open before it was read', function()
  local client = open(python .. '/main.py')
  local function hold(held)
    local done
    if vim.fn.has('nvim-0.11') == 1 then
      done = client:request_sync('coppice/test/hold', { held = held }, PATIENCE_MS, 0)
    else
      done = client.request_sync('coppice/test/hold', { held = held }, PATIENCE_MS, 0)
    end
    assert(done and not done.err, vim.inspect(done))
  end
  hold(true)
  write(scratch .. '/late/.git/HEAD', '')
  write(scratch .. '/late/early.py', 'import os\n')
  open(scratch .. '/late/early.py')
  eventually('a folder that is being read', function()
    return vim.iter(status().folders):any(function(one)
      return one.name == scratch .. '/late' and one.state == 'loading'
    end)
  end)
  -- What Neovim asks when a file is opened has been asked by now.
  local file = { textDocument = vim.lsp.util.make_text_document_params(0) }
  local symbols = vim.lsp.buf_request_sync(0, 'textDocument/documentSymbol', file, PATIENCE_MS)
  assert(symbols and symbols[client.id] and symbols[client.id].result, vim.inspect(symbols))
  equal(vim.diagnostic.get(0), {})
  hold(false)
  local found = eventually('what is not used', function()
    return vim.diagnostic.get(0)[1]
  end)
  equal(found.code, 'unused-import')
end)

test('keeps one process when both folders are opened at once', function()
  end_all()
  vim.cmd('silent! %bwipeout!')
  vim.cmd.edit(python .. '/main.py')
  open(rust .. '/src/main.rs')
  eventually('two folders', function()
    return #status().folders == 2
  end)
  equal(#clients(), 1)
  cursor(6, 5)
  assert(hover_text():find('fn helper'))
end)

test('says so when a server that is joined never starts', function()
  local config = dofile(plugin .. '/lsp/coppice.lua')
  local client = {
    name = 'coppice',
    workspace_folders = {},
    is_stopped = function() return true end,
  }
  local text = told(function()
    assert(not config.reuse_client(client, { name = 'coppice', root_dir = rust }))
    client.is_stopped = function() return #client.workspace_folders > 0 end
    assert(config.reuse_client(client, { name = 'coppice', root_dir = rust }))
  end)
  assert(text:find(rust, 1, true), text)
  equal(client.workspace_folders, {})
end)

test('sees a file that changes on disk', function()
  open(python .. '/main.py')
  eventually('a folder that is watched', function()
    return status().ready and status().folders[1].watcher ~= 'none'
  end)
  write(python .. '/late.py', 'def came_later():\n    pass\n')
  eventually('the new symbol', function()
    vim.fn.setqflist({})
    local found = vim.lsp.buf_request_sync(0, 'workspace/symbol', { query = 'came_later' }, PATIENCE_MS)
    for _, answer in pairs(found or {}) do
      if answer.result and answer.result[1] then
        return true
      end
    end
  end)
end)

test('takes settings while it runs', function()
  local client = open(python .. '/main.py')
  local before = status().memory.limitBytes
  local function set(settings)
    client.settings = settings
    if vim.fn.has('nvim-0.11') == 1 then
      client:notify('workspace/didChangeConfiguration', { settings = settings })
    else
      client.notify('workspace/didChangeConfiguration', { settings = settings })
    end
  end
  set({ coppice = { memory = { limitMb = 300 } } })
  eventually('the new budget', function()
    return status().memory.limitBytes == 300 * 1024 * 1024
  end)
  set({ coppice = { memory = { limitMb = before / 1024 / 1024 } } })
  eventually('the old budget', function()
    return status().memory.limitBytes == before
  end)
end)

test('has a status line and commands', function()
  open(python .. '/main.py')
  eventually('memory in the status line', function()
    return require('coppice').status():find('^coppice %d+ of %d+ MiB$')
  end)
  local function python_folder()
    for _, folder in ipairs(status().folders) do
      if folder.name == python then
        return folder
      end
    end
  end
  vim.cmd('Coppice pin')
  eventually('a pinned folder', function()
    return python_folder().pinned
  end)
  assert(told(function()
    vim.cmd('Coppice status')
  end):find('pinned'))
  vim.cmd('Coppice unpin')
  -- What the editor asks by itself, and a change on disk that is still being read, bring a folder back at once.
  eventually('an evicted folder', function()
    vim.cmd('Coppice evict ' .. python)
    return told(function()
      vim.cmd('Coppice status')
    end):find('evicted\n  nothing of it is in memory')
  end)
  cursor(5, 11)
  assert(hover_text():find('class Circle'))
  eventually('a loaded folder', function()
    return python_folder().state == 'loaded'
  end)
  assert(told(function()
    vim.cmd('Coppice why')
  end):find('class Circle'))
  assert(told(function()
    vim.cmd('Coppice evict /nowhere')
  end):find('is not an open folder'))
  equal(vim.fn.getcompletion('Coppice re', 'cmdline'), { 'reload', 'restart' })
end)

--- What the health check says.
local function health()
  vim.cmd('checkhealth coppice')
  local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
  vim.cmd.close()
  return text
end

test('has a health check', function()
  open(python .. '/main.py')
  local text = health()
  for _, folder in ipairs({ python, rust }) do
    assert(text:find(vim.fn.fnamemodify(folder, ':~'), 1, true), text)
  end
  assert(not text:find('ERROR'), text)
end)

test('has a health check of a server that a function starts', function()
  open(python .. '/main.py')
  local config = clients()[1].config
  local cmd = config.cmd
  config.cmd = function() end
  local text = health()
  config.cmd = cmd
  assert(text:find('started by a function', 1, true) and not text:find('ERROR'), text)
end)

test('has a health check while no server runs', function()
  end_all()
  vim.cmd('silent! %bwipeout!')
  local text = health()
  assert(text:find(server .. ': coppice ', 1, true) and text:find('no server runs', 1, true), text)
  assert(not text:find('ERROR'), text)
  require('coppice').setup({ cmd = { '/nowhere/coppice' } })
  text = health()
  require('coppice').setup(settings)
  local advice = vim.fn.has('nvim-0.11') == 1 and "vim.lsp.config('coppice', { cmd" or "require('coppice').setup({ cmd"
  assert(text:find('ERROR `/nowhere/coppice` cannot be run', 1, true) and text:find(advice, 1, true), text)
end)

test('serves what is open already when it is set up', function()
  end_all()
  vim.cmd('silent! %bwipeout!')
  if vim.fn.has('nvim-0.11') == 1 then
    vim.lsp.enable('coppice', false)
  else
    vim.api.nvim_clear_autocmds({ group = 'coppice' })
  end
  vim.cmd.edit(python .. '/main.py')
  vim.cmd.edit(rust .. '/src/main.rs')
  equal(#clients(), 0)
  require('coppice').setup(settings)
  eventually('a client of both', function()
    local client = clients()[1]
    return client and client.initialized and #vim.tbl_keys(client.attached_buffers) == 2
  end)
  equal(#clients(), 1)
end)

test('has a help file', function()
  vim.cmd.helptags(plugin .. '/doc')
  vim.cmd.help('coppice-beside')
  assert(vim.api.nvim_buf_get_name(0):find('coppice.txt'))
  vim.cmd.helpclose()
  os.remove(plugin .. '/doc/tags')
end)

test('leaves to a dedicated server what that can do', function()
  open(python .. '/main.py')
  local command = { vim.env.PYRIGHT .. '/pyright-langserver', '--stdio' }
  vim.lsp.start({ name = 'pyright', cmd = command, root_dir = python }, { bufnr = 0 })
  eventually('the other client', function()
    local client = clients('pyright')[1]
    return client and client.initialized
  end)
  local params = vim.lsp.util.make_position_params(0, 'utf-16')
  params.position = { line = 4, character = 20 }
  local function answers(method)
    local names = {}
    for client, answer in pairs(vim.lsp.buf_request_sync(0, method, params, PATIENCE_MS) or {}) do
      if answer.result then
        table.insert(names, vim.lsp.get_client_by_id(client).name)
      end
    end
    table.sort(names)
    return names
  end
  equal(answers('textDocument/hover'), { 'coppice', 'pyright' })
  require('coppice').beside()
  equal(answers('textDocument/hover'), { 'pyright' })
  equal(answers('textDocument/definition'), { 'pyright' })
  equal(answers('textDocument/foldingRange'), { 'coppice' })
  vim.fn.setqflist({})
  cursor(5, 20)
  local text = hover_text()
  assert(text:find('(method) def area', 1, true) and select(2, text:gsub('def area', '')) == 1, text)
  vim.lsp.buf.definition()
  eventually('the other file', function()
    return vim.api.nvim_buf_get_name(0) == python .. '/shapes.py'
  end)
  equal(vim.api.nvim_win_get_cursor(0), { 4, 8 })
  equal(vim.fn.getqflist(), {})
  stop('pyright')
end)

test('starts anew, for the same folders, and sets nothing else off', function()
  open(rust .. '/src/main.rs')
  open(python .. '/main.py')
  eventually('both folders', function()
    return #status().folders >= 2
  end)
  local before, buffers = clients()[1].id, vim.tbl_keys(clients()[1].attached_buffers)
  local fired = 0
  local autocmd = vim.api.nvim_create_autocmd('FileType', {
    callback = function()
      fired = fired + 1
    end,
  })
  vim.cmd('Coppice restart')
  eventually('another client', function()
    local client = clients()[1]
    return client and client.id ~= before and client.initialized
  end)
  equal(#clients(), 1)
  eventually('the same buffers', function()
    return #vim.tbl_keys(clients()[1].attached_buffers) == #buffers
  end)
  eventually('both folders again', function()
    local roots = vim.tbl_map(function(one) return one.name end, status().folders)
    return vim.tbl_contains(roots, python) and vim.tbl_contains(roots, rust)
  end)
  vim.api.nvim_del_autocmd(autocmd)
  equal(fired, 0)
end)

test('serves a file that is opened while the old server ends by a new one', function()
  local client = open(python .. '/main.py')
  local before = client.id
  write(python .. '/meanwhile.py', 'from shapes import Circle\n\nCircle()\n')
  -- Neither the answer to `shutdown` nor the end of the process is seen before this is over.
  vim.cmd('Coppice restart')
  vim.cmd.edit(python .. '/meanwhile.py')
  for _, one in ipairs(vim.lsp.get_clients({ name = 'coppice', bufnr = 0 })) do
    assert(one.id ~= before, 'the file is given to the server that ends')
  end
  eventually('a new client', function()
    local here = vim.lsp.get_clients({ name = 'coppice', bufnr = 0 })
    return #here == 1 and here[1].id ~= before and here[1].initialized
  end)
  cursor(3, 1)
  assert(hover_text():find('class Circle'))
  vim.cmd.edit(python .. '/main.py')
  eventually('the same client in the other file', function()
    local here = vim.lsp.get_clients({ name = 'coppice', bufnr = 0 })
    return #clients() == 1 and #here == 1 and here[1].id ~= before
  end)
end)

test('does not wait for ever for a server that does not end', function()
  local killed = false
  local function deaf(dispatchers)
    local closing = false
    return {
      request = function(method, _, callback)
        if method == 'initialize' then
          callback(nil, { capabilities = {} })
        end
        return true, 1
      end,
      notify = function()
        return true
      end,
      is_closing = function()
        return closing
      end,
      terminate = function()
        closing, killed = true, true
        dispatchers.on_exit(0, 15)
      end,
    }
  end
  end_all()
  vim.cmd('silent! %bwipeout!')
  vim.lsp.start({ name = 'coppice', cmd = deaf, root_dir = python })
  eventually('the deaf server', function()
    return clients()[1] and clients()[1].initialized
  end)
  local text = told(function(said)
    vim.cmd('Coppice restart')
    eventually('its end', function()
      return killed and #clients() == 0
    end)
    eventually('word of it', function()
      return #said > 0
    end)
  end)
  assert(text:find('did not end by itself', 1, true), text)
  -- The buffer has been given another one like it.
  end_all(true)
end)

local failed = 0
local version = tostring(vim.version())
for _, one in ipairs(tests) do
  local started = vim.uv.hrtime()
  local ok, problem = xpcall(one.run, debug.traceback)
  local quiet, complaint = pcall(no_complaints)
  ok, problem = ok and quiet, not ok and problem or complaint
  local verdict = ok and 'ok' or 'FAILED'
  io.stdout:write(('%-6s neovim %s %s (%d ms)\n'):format(verdict, version, one.name, (vim.uv.hrtime() - started) / 1e6))
  if not ok then
    failed = failed + 1
    io.stdout:write(problem .. '\n')
  end
end
local quiet, complaint = pcall(function()
  end_all()
  no_complaints()
end)
if not quiet then
  failed = failed + 1
  io.stdout:write(('FAILED neovim %s ends without a word: %s\n'):format(version, complaint))
end
io.stdout:write(('neovim %s: %d tests, %d failed\n'):format(version, #tests, failed))
os.exit(failed == 0 and 0 or 1)
