#include "runtime/io/SystemError.h"

#include <cerrno>
#include <cstring>

namespace tenon::io {

// strerror_r has a GNU and a POSIX signature; overloads accept whichever the C library declares.
[[maybe_unused]] static const char *chosenText(const char *gnuResult, const char *) { return gnuResult; }
[[maybe_unused]] static const char *chosenText(int posixResult, const char *buffer) {
  return posixResult == 0 ? buffer : "unknown error";
}

std::string errorText(int error) {
  char buffer[256] = {};
  return chosenText(strerror_r(error, buffer, sizeof buffer), buffer);
}

Status systemError(std::string_view verb, const std::string &path, int error) {
  bool namedWrongly = error == ENOENT || error == ENOTDIR || error == EISDIR || error == ELOOP || error == ENAMETOOLONG;
  std::string message = "cannot ";
  message.append(verb).append(" '").append(path).append("': ").append(errorText(error));
  return Status(namedWrongly ? Code::InvalidFile : Code::Resource, std::move(message));
}

} // namespace tenon::io
