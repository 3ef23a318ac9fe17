// Texts of linear kernels for tests and benchmarks.
#pragma once

#include "dialects/kernel/Kernel.h"
#include <string>
#include <vector>

namespace tenon::test {

// One kernel named @k. Its input is an operand, or prepared from one by select_rows, rms_norm and cast.
struct LinearText {
  int64_t rows = 1, inputs = 16;
  std::vector<int64_t> outputs = {}; // of the linears; gateUp: one entry for both
  std::string weight = "bf16";
  bool narrow = false; // the multiplier takes bf16 inputs
  bool select = false, norm = false, bias = false, residual = false;
  bool gateUp = false;         // one result silu(x gate) * (x up)
  bool narrowOut = false;      // results rounded to bf16
  std::string activation = {}; // of every result, empty for none

  bool prepared() const { return select || norm; }
  int64_t linears() const { return gateUp ? 2 : static_cast<int64_t>(outputs.size()); }
  std::string text() const;
  // Of all weights, as packed.
  int64_t weightBytes() const;
  int64_t flops() const;
};

} // namespace tenon::test
