// What a fuzz target demands: a broken promise ends the process, which libFuzzer and the replay both report.
#pragma once

#include <cstdlib>

inline void require(bool holds) {
  if (!holds)
    std::abort();
}
