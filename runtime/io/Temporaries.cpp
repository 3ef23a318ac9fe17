// Each slot holds a heap copy of a path, or null. Whoever swaps the pointer out of its slot owns it: a handler that
// claims a path while its registration is being released simply wins, and the copy leaks in a process that is about to
// end.
#include "runtime/io/Temporaries.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace tenon::io {

static constexpr int kSlots = 256;
static std::atomic<char *> slots[kSlots];
// A child that was forked but has not yet called exec shares the table; it must not delete its parent's files.
static std::atomic<pid_t> owner{0};

static_assert(std::atomic<char *>::is_always_lock_free, "signal handlers must not meet a lock");

TemporaryRegistration::TemporaryRegistration(const std::string &path) {
  char *copy = static_cast<char *>(malloc(path.size() + 1));
  if (!copy)
    return;
  memcpy(copy, path.c_str(), path.size() + 1);
  owner.store(getpid());
  for (int i = 0; i < kSlots; ++i) {
    char *empty = nullptr;
    if (!slots[i].compare_exchange_strong(empty, copy))
      continue;
    slot_ = i;
    path_ = copy;
    return;
  }
  free(copy);
}

TemporaryRegistration::TemporaryRegistration(TemporaryRegistration &&other) noexcept
    : slot_(std::exchange(other.slot_, -1)), path_(std::exchange(other.path_, nullptr)) {}

TemporaryRegistration &TemporaryRegistration::operator=(TemporaryRegistration &&other) noexcept {
  if (this == &other)
    return *this;
  release();
  slot_ = std::exchange(other.slot_, -1);
  path_ = std::exchange(other.path_, nullptr);
  return *this;
}

void TemporaryRegistration::release() {
  if (slot_ < 0)
    return;
  char *mine = path_;
  if (slots[slot_].compare_exchange_strong(mine, nullptr))
    free(path_);
  slot_ = -1;
  path_ = nullptr;
}

void removeAllTemporaries() {
  if (owner.load() != getpid())
    return;
  for (std::atomic<char *> &slot : slots)
    if (char *path = slot.exchange(nullptr))
      unlink(path);
}

static void onSignal(int number) {
  removeAllTemporaries();
  // SA_RESETHAND restored the default action; the signal is unblocked when this handler returns and ends the process.
  raise(number);
}

void removeTemporariesOnSignals() {
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    struct sigaction current;
    if (sigaction(number, nullptr, &current) == 0 && current.sa_handler == SIG_IGN)
      continue;
    struct sigaction action = {};
    action.sa_handler = onSignal;
    action.sa_flags = SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

} // namespace tenon::io
