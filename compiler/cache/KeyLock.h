// One process at a time works on a key; the others wait for it, but not for ever.
#pragma once

#include "runtime/base/Status.h"

#include <chrono>
#include <optional>
#include <string>

namespace tenon::cache {

// An flock on a file that exists only while somebody holds or wants it. The system releases it when the process ends,
// however it ends. Ownership: move-only; released on destruction.
class KeyLock {
public:
  // Nothing when another process holds the lock for the whole of `deadline` (of the steady clock, so that a clock that
  // jumps changes nothing). Errors: Resource or InvalidFile when the lock's file cannot be made.
  static Result<std::optional<KeyLock>> acquire(const std::string &path, std::chrono::milliseconds deadline);

  KeyLock(KeyLock &&other) noexcept;
  KeyLock &operator=(KeyLock &&other) noexcept;
  ~KeyLock() { release(); }

private:
  KeyLock(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  void release();

  std::string path_;
  int fd_ = -1;
};

} // namespace tenon::cache
