// Times one generation: prompt and generated tokens per second, bytes per second, peak memory.
#pragma once

#include "runtime/session/Engine.h"
#include "tools/cli/JsonWriter.h"
#include "tools/cli/Terminal.h"

#include <chrono>

namespace tenon::cli {

class RunStats {
public:
  // Starts the clock. `promptTokens` are about to be fed.
  RunStats(Engine &engine, uint64_t promptTokens);

  void token();  // one more token was generated
  void finish(); // stops the clock

  // One line on stderr. With `probe` the machine's read bandwidth is measured and the share printed.
  Status print(Terminal &terminal, bool probe) const;
  void write(JsonWriter &json) const;

private:
  using Clock = std::chrono::steady_clock;
  double promptSeconds() const;
  double decodeSeconds() const;
  uint64_t decodeSteps() const { return generated_ > 0 ? generated_ - 1 : 0; }
  // The first token comes out of the prompt's step: with it alone no decode step was timed, and there is no speed.
  bool isDecodeTimed() const { return decodeSteps() > 0 && decodeSeconds() > 0; }
  double decodeBytesPerSecond() const; // only when timed

  Engine &engine_;
  uint64_t promptTokens_, generated_ = 0;
  Clock::time_point start_, first_, end_;
};

} // namespace tenon::cli
