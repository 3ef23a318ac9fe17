// What the opaque handles of the C API are.
#pragma once

#include "runtime/session/Session.h"
#include "tenon/tenon.h"

struct tenon_engine {
  std::unique_ptr<tenon::Engine> engine;
  uint32_t sessions = 0; // alive
};

struct tenon_session {
  tenon_engine *owner;
  std::unique_ptr<tenon::Session> session;
};

namespace tenon::capi {

// Keeps the status' message for tenon_last_message and returns its code.
tenon_status report(const Status &status);

// TENON_USAGE naming the argument that must not be null.
tenon_status nullArgument(const char *function, const char *argument);

} // namespace tenon::capi
