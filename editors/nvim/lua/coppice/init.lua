--- What the plugin adds to the client that Neovim has: a start for 0.10, a status line, commands.
local M = {}

local HAS_0_11 = vim.fn.has('nvim-0.11') == 1
--- How long a command waits for the server's answer.
local ANSWER_MS = 10000
--- Most files that `:Coppice status` lists as skipped; the rest is counted.
local SKIPPED_MAX = 5

---@type table?
local told

--- On 0.10, what was given besides what is in `lsp/coppice.lua`.
---@type table
local given = {}

--- What is in `lsp/coppice.lua`.
local function base()
  return assert(loadfile(vim.api.nvim_get_runtime_file('lsp/coppice.lua', false)[1]))()
end

--- How the next server would be started.
function M._config()
  if HAS_0_11 then
    return vim.lsp.config.coppice or base()
  end
  return vim.tbl_deep_extend('force', base(), { name = 'coppice' }, given)
end

--- Ends a client, which no other buffer joins any more.
---@param client vim.lsp.Client
---@param force? boolean
local function stop(client, force)
  rawset(client, '_coppice_ends', true)
  if HAS_0_11 then
    client:stop(force)
  else
    client.stop(force)
  end
end

--- The running server's client, the one of the current buffer before any other.
---@return vim.lsp.Client?
function M.client()
  for _, bufnr in ipairs({ 0, false }) do
    for _, client in ipairs(vim.lsp.get_clients({ name = 'coppice', bufnr = bufnr or nil })) do
      if not rawget(client, '_coppice_ends') then
        return client
      end
    end
  end
end

--- Starts coppice for a buffer, or joins the server that runs, on Neovim 0.10; from 0.11 on `vim.lsp.enable('coppice')`
--- does it. To be called when a file type is set, see |coppice-0.10|.
---@param config? table overrides of what is in `lsp/coppice.lua`
---@param bufnr? integer
function M.start(config, bufnr)
  bufnr = bufnr or vim.api.nvim_get_current_buf()
  given = config or {}
  config = vim.tbl_deep_extend('force', base(), { name = 'coppice' }, given)
  local root_dir = config.root_dir
  if type(root_dir) == 'function' then
    root_dir(bufnr, function(dir)
      config.root_dir = vim.fs.root(bufnr, config.root_markers) or dir
    end)
  end
  return vim.lsp.start(config, { bufnr = bufnr, reuse_client = config.reuse_client })
end

--- Starts coppice for every buffer of its languages, those that are open already among them, on any Neovim from 0.10 on.
---@param config? table
function M.setup(config)
  if HAS_0_11 then
    vim.lsp.config('coppice', config or {})
    vim.lsp.enable('coppice')
    return
  end
  given = config or {}
  local filetypes = M._config().filetypes
  local function start(bufnr)
    if vim.bo[bufnr].buftype == '' then
      M.start(config, bufnr)
    end
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('coppice', {}),
    pattern = filetypes,
    callback = function(event)
      start(event.buf)
    end,
  })
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.tbl_contains(filetypes, vim.bo[bufnr].filetype) then
      start(bufnr)
    end
  end
end

--- Leaves to a dedicated server what it can do: in a buffer that has another client with the same ability, coppice is
--- not asked. Where it is alone it goes on answering everything.
function M.beside()
  for _, client in ipairs(vim.lsp.get_clients({ name = 'coppice' })) do
    M._yield(client)
  end
  vim.api.nvim_create_autocmd('LspAttach', {
    group = vim.api.nvim_create_augroup('coppice.beside', {}),
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if client and client.name == 'coppice' then
        M._yield(client)
      end
    end,
  })
end

--- Makes a client say that it cannot do, in a buffer, what another can.
---@param client vim.lsp.Client
function M._yield(client)
  if rawget(client, '_coppice_yields') then
    return
  end
  rawset(client, '_coppice_yields', true)
  local supports = client.supports_method
  local function others_support(method, bufnr)
    if not bufnr or not vim.startswith(method, 'textDocument/') or vim.startswith(method, 'textDocument/did') then
      return false
    end
    -- Up to 0.11, a client is said to support every method that Neovim does not know.
    local known = vim.lsp._request_name_to_capability
    if known and not known[method] then
      return false
    end
    for _, other in ipairs(vim.lsp.get_clients({ bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr })) do
      if other.name ~= 'coppice' then
        local can
        if HAS_0_11 then
          can = other:supports_method(method, bufnr)
        else
          can = other.supports_method(method, { bufnr = bufnr })
        end
        if can then
          return true
        end
      end
    end
    return false
  end
  if HAS_0_11 then
    client.supports_method = function(self, method, bufnr)
      local number = type(bufnr) == 'table' and bufnr.bufnr or bufnr
      return supports(self, method, bufnr) and not others_support(method, number)
    end
  else
    client.supports_method = function(method, opts)
      return supports(method, opts) and not others_support(method, (opts or {}).bufnr)
    end
  end
end

local function bytes(count)
  if count >= 10 * 1024 * 1024 then
    return ('%d MiB'):format(count / 1024 / 1024)
  end
  return ('%.1f MiB'):format(count / 1024 / 1024)
end

--- What is going on, in a few words, for a status line: `coppice 12 of 512 MiB`, `coppice loading 40%`; empty where no
--- server runs. The folder that is worst off decides.
---@return string
function M.status()
  if not told or not M.client() then
    return ''
  end
  local ranks = { failed = 6, loading = 5, rebuilding = 4, unloaded = 3, evicted = 2, loaded = 1 }
  local worst, rank
  for _, folder in ipairs(told.folders) do
    local this = (folder.stale and 7) or ranks[folder.state] or 0
    if not rank or this > rank then
      worst, rank = folder, this
    end
  end
  if worst and worst.stale then
    return 'coppice stale'
  elseif worst and worst.state == 'failed' then
    return 'coppice failed'
  elseif worst and (worst.state == 'loading' or worst.state == 'rebuilding') then
    local percent = worst.progressPercent
    if type(percent) == 'number' then
      return ('coppice %s %d%%'):format(worst.state, percent)
    end
    return 'coppice ' .. worst.state
  end
  local memory = told.memory
  return ('coppice %d of %d MiB'):format(math.ceil(memory.usedBytes / 1024 / 1024), memory.limitBytes / 1024 / 1024)
end

--- Keeps what the server told, and draws the status line anew.
function M._told(status)
  told = status
  vim.cmd.redrawstatus({ bang = true })
end

--- Asks the server, and waits for its answer.
---@return any result, string? problem
local function ask(method, params)
  local client = M.client()
  if not client then
    return nil, 'no server runs; open a file of a language that it knows'
  end
  local answer, problem
  if HAS_0_11 then
    answer, problem = client:request_sync(method, params, ANSWER_MS, 0)
  else
    answer, problem = client.request_sync(method, params, ANSWER_MS, 0)
  end
  if not answer then
    return nil, problem or 'no answer'
  elseif answer.err then
    return nil, answer.err.message
  end
  return answer.result
end

local function say(text, level)
  vim.notify(text, level or vim.log.levels.INFO, { title = 'coppice' })
end

--- The innermost of a client's folders around a file.
---@return string? uri
local function innermost(client, path)
  local best
  for _, one in ipairs(client and client.workspace_folders or {}) do
    local root = vim.uri_to_fname(one.uri)
    if vim.startswith(path, root .. '/') and (not best or #root > #vim.uri_to_fname(best)) then
      best = one.uri
    end
  end
  return best
end

--- The folder that a verb is about: the one named, or the innermost around the buffer, or the only one.
---@return string? uri
local function folder(name)
  local client = M.client()
  local folders = client and client.workspace_folders or {}
  if name then
    local path = vim.fs.normalize(vim.fn.fnamemodify(name, ':p')):gsub('(.)/$', '%1')
    for _, one in ipairs(folders) do
      if one.name == name or vim.uri_to_fname(one.uri) == path then
        return one.uri
      end
    end
    return nil
  end
  return innermost(client, vim.api.nvim_buf_get_name(0)) or (#folders == 1 and folders[1].uri) or nil
end

local function on_folder(verb)
  return function(name)
    local uri = folder(name)
    if not uri then
      return say(name and (name .. ' is not an open folder') or 'which folder?', vim.log.levels.ERROR)
    end
    local _, problem = ask('workspace/executeCommand', { command = 'coppice.' .. verb, arguments = { uri } })
    if problem then
      say(problem, vim.log.levels.ERROR)
    end
  end
end

--- One folder's state as lines.
local function describe(one)
  local state = one.state
  if type(one.progressPercent) == 'number' then
    state = state .. (' %d%%'):format(one.progressPercent)
  end
  if one.stale then
    state = ('%s, stale for %d s'):format(state, one.ageMs / 1000)
  end
  if one.pinned then
    state = state .. ', pinned'
  end
  -- Neovim names a folder by its whole path.
  local lines = { ('%s: %s'):format(vim.fn.fnamemodify(one.name, ':~'), state) }
  if one.state == 'evicted' then
    table.insert(lines, '  nothing of it is in memory; the next question brings it back')
  elseif one.generation > 0 then
    local size = '  %d files, %d lines, %s, generation %d'
    table.insert(lines, size:format(one.files, one.lines, bytes(one.residentBytes), one.generation))
  end
  for _, key in ipairs({ 'lastError', 'note' }) do
    if type(one[key]) == 'string' then
      table.insert(lines, '  ' .. one[key])
    end
  end
  for at, skipped in ipairs(one.skipped) do
    if at > SKIPPED_MAX then
      break
    end
    table.insert(lines, ('  skipped %s: %s'):format(vim.fn.fnamemodify(vim.uri_to_fname(skipped.uri), ':~:.'), skipped.why))
  end
  local more = math.max(#one.skipped - SKIPPED_MAX, 0) + one.skippedMore
  if more > 0 then
    table.insert(lines, ('  and %d more'):format(more))
  end
  return lines
end

local verbs = {
  reload = on_folder('reload'),
  evict = on_folder('evict'),
  pin = on_folder('pin'),
  unpin = on_folder('unpin'),
}

function verbs.status()
  local status, problem = ask('coppice/status', vim.NIL)
  if not status then
    return say(problem, vim.log.levels.ERROR)
  end
  local memory = status.memory
  local lines = {
    ('coppice %s, process %d'):format(status.version, status.pid),
    ('memory: %s of %s in use, at most %s so far; the process takes %s'):format(
      bytes(memory.usedBytes),
      bytes(memory.limitBytes),
      bytes(memory.highWaterBytes),
      bytes(memory.rssBytes)
    ),
  }
  for _, one in ipairs(status.folders) do
    vim.list_extend(lines, describe(one))
  end
  say(table.concat(lines, '\n'))
end

function verbs.why()
  local client = M.client()
  local params = client and vim.lsp.util.make_position_params(0, client.offset_encoding) or {}
  local why, problem = ask('workspace/executeCommand', { command = 'coppice.why', arguments = { params } })
  if problem then
    return say(problem, vim.log.levels.ERROR)
  elseif type(why) ~= 'table' then
    return say('there is no name here')
  end
  local lines = {}
  if type(why.name) == 'string' then
    table.insert(lines, why.name .. (type(why.how) == 'string' and (': ' .. why.how) or ''))
  end
  if type(why.nothing) == 'string' then
    table.insert(lines, why.nothing)
  end
  for _, candidate in ipairs(why.candidates or {}) do
    local path = vim.fn.fnamemodify(vim.uri_to_fname(candidate.uri), ':~:.')
    table.insert(lines, ('  %s %s, %s:%d'):format(candidate.kind, candidate.name, path, candidate.range.start.line + 1))
  end
  say(table.concat(lines, '\n'))
end

--- How often, and how long after each other, a restart looks whether the server has ended, before it is killed and again
--- after that.
local ENDED_POLLS_MAX, ENDED_POLL_MS = 60, 50

--- Ends the server; every buffer that it served gets a new one, set up as the old one was.
function verbs.restart()
  local clients = vim.lsp.get_clients({ name = 'coppice' })
  local served = {}
  local function gather()
    for _, client in ipairs(clients) do
      for buffer in pairs(client.attached_buffers) do
        local root = innermost(client, vim.api.nvim_buf_get_name(buffer))
        local config = vim.tbl_extend('force', client.config, { root_dir = root and vim.uri_to_fname(root) })
        -- They follow from the root.
        config.workspace_folders = nil
        served[buffer] = config
      end
    end
  end
  --- Those of the clients that are still there, whatever others have been started since.
  local function remaining()
    return vim.tbl_filter(function(client)
      return vim.lsp.get_client_by_id(client.id) ~= nil
    end, clients)
  end
  gather()
  for _, client in ipairs(clients) do
    stop(client)
  end
  local timer, polls = assert(vim.uv.new_timer()), 0
  timer:start(ENDED_POLL_MS, ENDED_POLL_MS, vim.schedule_wrap(function()
    if timer:is_closing() then
      return
    end
    polls = polls + 1
    local left = remaining()
    if #left > 0 and polls < 2 * ENDED_POLLS_MAX then
      -- What Neovim was about to attach when the end began is served anew, too.
      gather()
      if polls == ENDED_POLLS_MAX then
        for _, client in ipairs(left) do
          stop(client, true)
        end
      end
      return
    end
    timer:close()
    if #left > 0 then
      say('the old server does not end, and another is started beside it', vim.log.levels.WARN)
    elseif polls > ENDED_POLLS_MAX then
      say('the old server did not end by itself, and was killed', vim.log.levels.WARN)
    end
    for buffer, config in pairs(served) do
      if vim.api.nvim_buf_is_loaded(buffer) then
        vim.lsp.start(config, { bufnr = buffer, reuse_client = config.reuse_client })
      end
    end
  end))
end

function verbs.log()
  vim.cmd.edit(vim.lsp.log and vim.lsp.log.get_filename() or vim.lsp.get_log_path())
  -- The newest is at the end.
  vim.cmd.normal({ 'G', bang = true })
end

function M._command(args)
  local verb = verbs[args[1]]
  if not verb then
    return say(('there is no :Coppice %s'):format(args[1]), vim.log.levels.ERROR)
  end
  verb(args[2])
end

function M._complete(lead, line)
  local words = vim.split(line, '%s+', { trimempty = true })
  local candidates = vim.tbl_keys(verbs)
  if #words > 2 or (#words == 2 and lead == '') then
    candidates = {}
    for _, one in ipairs((M.client() or {}).workspace_folders or {}) do
      table.insert(candidates, one.name)
    end
  end
  table.sort(candidates)
  return vim.tbl_filter(function(candidate)
    return vim.startswith(candidate, lead)
  end, candidates)
end

return M
