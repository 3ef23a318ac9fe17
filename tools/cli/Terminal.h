// Where messages go: stderr, in colour on a terminal unless NO_COLOR is set; stdout is for data and never written here.
// Texts may quote files and servers: whatever would steer the terminal is shown as printable() has it.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <string>

namespace tenon::cli {

class Terminal {
public:
  Terminal();

  bool interactive() const { return interactive_; }
  void setQuiet(bool quiet) { quiet_ = quiet; }
  void setColor(bool color) { color_ = color; }

  // One line; dropped when quiet.
  void note(const std::string &text);
  void warn(const std::string &text);
  // "error: message", further lines of the message indented. Never dropped.
  void error(const Status &status);

  // A bar on a terminal, redrawn at most ten times a second; elsewhere a plain line at every quarter. Threads: the
  // caller serialises calls. Call with done == total to finish.
  void progress(const std::string &what, uint64_t done, uint64_t total);

private:
  void clearBar();

  bool interactive_;
  bool color_;
  bool quiet_ = false;
  bool barShown_ = false;
  int64_t lastDrawn_ = 0; // milliseconds
  unsigned lastQuarter_ = 0;
};

} // namespace tenon::cli
