// Texts of linear kernels for tests and benchmarks.
#pragma once

#include "dialects/kernel/Kernel.h"
#include <string>
#include <vector>

namespace tenon::test {

// One kernel named @k. Its input is an operand, or prepared from one by select_rows, rms_norm, cast and quantize_rows.
struct LinearText {
  int64_t rows = 1, inputs = 16;
  std::vector<int64_t> outputs = {}; // of the linears; gateUp: one entry for both
  std::string weight = "bf16";       // or a scheme: "#qt.q4_0", which 8-bit inputs meet
  bool narrow = false;               // the multiplier takes bf16 inputs
  bool select = false, norm = false, bias = false, residual = false;
  bool gateUp = false;         // one result silu(x gate) * (x up)
  bool narrowOut = false;      // results rounded to bf16
  std::string activation = {}; // of every result, empty for none
  int64_t rowGroup = 0;        // of 8-bit inputs
  bool floats = false;         // quantized weights meet f32 inputs
  bool quantize = false;       // 8-bit inputs are made in the kernel; implied by select and norm

  bool quantized() const { return weight[0] == '#'; }
  bool prepared() const { return select || norm || quantize; }
  int64_t linears() const { return gateUp ? 2 : static_cast<int64_t>(outputs.size()); }
  std::string text() const;
  std::string inputType() const;  // of an element
  std::string weightType() const; // of an element
  // Of all weights, as packed.
  int64_t weightBytes() const;
  int64_t flops() const;
};

} // namespace tenon::test
