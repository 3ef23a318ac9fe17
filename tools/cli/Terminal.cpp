#include "tools/cli/Terminal.h"

#include "runtime/base/Printable.h"
#include "tools/cli/Quantity.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace tenon::cli {

static int64_t nowMilliseconds() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

Terminal::Terminal() : interactive_(isatty(STDERR_FILENO) == 1) {
  const char *noColor = std::getenv("NO_COLOR");
  color_ = interactive_ && (!noColor || !*noColor);
}

void Terminal::clearBar() {
  if (barShown_)
    std::fputs("\r\x1b[K", stderr);
  barShown_ = false;
}

void Terminal::note(const std::string &text) {
  if (quiet_)
    return;
  clearBar();
  std::fprintf(stderr, "%s\n", printable(text, Lines::Several).c_str());
}

void Terminal::warn(const std::string &text) {
  clearBar();
  std::fprintf(stderr, "%swarning:%s %s\n", color_ ? "\x1b[33m" : "", color_ ? "\x1b[0m" : "",
               printable(text, Lines::Several).c_str());
}

void Terminal::error(const Status &status) {
  clearBar();
  std::string text = printable(status.message(), Lines::Several);
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; ++at)
    if (text.compare(at, 3, "\n  ") != 0)
      text.insert(at + 1, "  ");
  std::fprintf(stderr, "%serror:%s %s\n", color_ ? "\x1b[31m" : "", color_ ? "\x1b[0m" : "", text.c_str());
}

void Terminal::progress(const std::string &what, uint64_t done, uint64_t total) {
  if (quiet_ || total == 0)
    return;
  if (done == 0 || (done < total && lastQuarter_ == 4))
    lastQuarter_ = 0;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  const std::string amounts = formatBytes(done) + " of " + formatBytes(total);
  if (!interactive_) {
    const auto quarter = static_cast<unsigned>(share * 4);
    if (quarter > lastQuarter_)
      std::fprintf(stderr, "%s: %3.0f %%, %s\n", what.c_str(), share * 100, amounts.c_str());
    lastQuarter_ = quarter;
    return;
  }
  const int64_t now = nowMilliseconds();
  if (done < total && now - lastDrawn_ < 100)
    return;
  lastDrawn_ = now;
  constexpr int kWidth = 30;
  const int filled = static_cast<int>(share * kWidth);
  std::fprintf(stderr, "\r\x1b[K%s [%.*s%.*s] %3.0f %%  %s", what.c_str(), filled, "##############################",
               kWidth - filled, "..............................", share * 100, amounts.c_str());
  std::fflush(stderr);
  barShown_ = true;
  if (done == total) {
    std::fputc('\n', stderr);
    barShown_ = false;
  }
}

} // namespace tenon::cli
