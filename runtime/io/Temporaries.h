// The list of unfinished output files, so that an interrupted process leaves none behind.
//
// Threads: every function may be called from any thread. removeAllTemporaries is also async-signal-safe: it takes no
// lock and allocates nothing.
#pragma once

#include <memory>
#include <string>

namespace tenon::io {

// One registered path; leaving scope (or release()) unregisters it without touching the file.
class TemporaryRegistration {
public:
  // `path` must be absolute, so that a later chdir does not change its meaning. False in isHeld() when the table (256
  // entries) is full.
  explicit TemporaryRegistration(const std::string &path);
  TemporaryRegistration(TemporaryRegistration &&other) noexcept;
  TemporaryRegistration &operator=(TemporaryRegistration &&other) noexcept;
  ~TemporaryRegistration() { release(); }

  bool isHeld() const { return slot_ >= 0; }
  void release();

private:
  int slot_ = -1;
  char *path_ = nullptr;
};

// Unlinks every registered path that this very process (not a forked parent) registered. For signal handlers and crash
// exits.
void removeAllTemporaries();

// From now on SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGPIPE remove the temporaries and then end the process by the same
// signal, so that the shell sees 130, 143 and so on. A signal that is ignored (nohup) stays ignored. Call once, from a
// program's main.
void removeTemporariesOnSignals();

} // namespace tenon::io
