// Status codes and the calling thread's last message.
#include "runtime/capi/Handles.h"

static_assert(TENON_INTERNAL == static_cast<int>(tenon::Code::Internal));
static_assert(TENON_USAGE == static_cast<int>(tenon::Code::Usage));
static_assert(TENON_UNSUPPORTED == static_cast<int>(tenon::Code::Unsupported));
static_assert(TENON_INVALID_FILE == static_cast<int>(tenon::Code::InvalidFile));
static_assert(TENON_CONSTRAINT == static_cast<int>(tenon::Code::Constraint));
static_assert(TENON_HOST_UNFIT == static_cast<int>(tenon::Code::HostUnfit));
static_assert(TENON_INTEGRITY == static_cast<int>(tenon::Code::Integrity));
static_assert(TENON_RESOURCE == static_cast<int>(tenon::Code::Resource));

static std::string &lastMessage() {
  static thread_local std::string message;
  return message;
}

extern "C" {

const char *tenon_last_message(void) { return lastMessage().c_str(); }

const char *tenon_status_name(tenon_status status) {
  switch (status) {
  case TENON_OK:
    return "ok";
  case TENON_INTERNAL:
    return "internal error";
  case TENON_USAGE:
    return "usage";
  case TENON_UNSUPPORTED:
    return "unsupported";
  case TENON_INVALID_FILE:
    return "invalid file";
  case TENON_CONSTRAINT:
    return "constraint";
  case TENON_HOST_UNFIT:
    return "host unfit";
  case TENON_INTEGRITY:
    return "integrity";
  case TENON_RESOURCE:
    return "resource";
  }
  return "unknown status";
}

const char *tenon_version(void) { return TENON_VERSION; }

tenon_status tenon_fail(tenon_status status, const char *message) {
  lastMessage() = message ? message : "";
  return status;
}

} // extern "C"

namespace tenon::capi {

tenon_status report(const Status &status) {
  if (status.isOk())
    return TENON_OK;
  return tenon_fail(static_cast<tenon_status>(status.code()), status.message().c_str());
}

tenon_status nullArgument(const char *function, const char *argument) {
  return tenon_fail(TENON_USAGE, (std::string(function) + ": " + argument + " must not be NULL").c_str());
}

} // namespace tenon::capi
