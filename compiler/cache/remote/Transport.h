// A place that other machines share, as a few requests: what a remote tier (Remote.h) needs of a server or a folder.
//
// One transport is one file and one row of the table in Transport.cpp. Names are relative ("ac/6f0c...") and plain.
// What a transport gives is untrusted, and nobody promises that it ever comes: every request keeps to a bound of
// bytes and, where the system allows it, of time (Patience.h). Threads: one at a time.
#pragma once

#include "compiler/cache/remote/Patience.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace tenon::cache {

// Takes the next bytes; its error ends the request.
using Sink = std::function<Status(std::span<const uint8_t>)>;

// What is sent: read by offset, so that it can be sent again after a redirect or a question for credentials.
struct Body {
  uint64_t bytes = 0;
  std::function<Status(uint64_t offset, std::span<uint8_t> out)> read; // fills `out`, which lies within `bytes`
};

// Errors of all requests: Resource for a remote that fails, refuses or is too slow; InvalidFile for one that sends more
// than was agreed; those of sinks and bodies.
class Transport {
public:
  virtual ~Transport() = default;

  // Gives the bytes under `name`, at most `maxBytes` of them, to `sink`. False where there are none: the sink has then
  // heard nothing.
  virtual Result<bool> get(const std::string &name, uint64_t maxBytes, const Sink &sink) = 0;
  virtual Result<bool> has(const std::string &name) = 0;

  // Puts bytes under `name`, over what is there. False where this remote takes nothing from us.
  virtual Result<bool> put(const std::string &name, const Body &body) = 0;
};

// Opens the remote of a URL: file:///DIR, http://HOST/PREFIX, https://HOST/PREFIX. Nothing is sent yet. `patience` and
// all that it counts outlive the transport. Usage for any other URL.
Result<std::unique_ptr<Transport>> openTransport(const std::string &url, Patience &patience);

// The URL for people: without a user's name and password.
std::string maskUrl(const std::string &url);

// The transports; for the table.
Result<std::unique_ptr<Transport>> openFileRemote(const std::string &url, Patience &patience);
Result<std::unique_ptr<Transport>> openHttpRemote(const std::string &url, Patience &patience);

} // namespace tenon::cache
