-- For wrk: asks for the paths of the file WRK_PATHS in turn.
local requests, at = {}, 0

function init()
  for line in io.lines(os.getenv("WRK_PATHS")) do
    requests[#requests + 1] = wrk.format(nil, line)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
