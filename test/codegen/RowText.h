// Texts of gather and norm kernels for tests and benchmarks.
#pragma once

#include "test/codegen/AttentionText.h"

namespace tenon::test {

// One kernel named @k: rows of an embedding. Operands: tokens, weight ("f32", "!qt.quantized<#qt.q8_0>" and so on).
inline std::string gatherText(int64_t rows, int64_t vocab, int64_t columns, const std::string &element,
                              const std::string &layout) {
  std::string tokens = tensorText({rows}, "i32"), weight = tensorText({vocab, columns}, element),
              y = tensorText({rows, columns});
  return "kernel.func @k \"gather\" (" + tokens + ", " + weight + ") -> " + y + " layouts [unit, " + layout +
         "] {\n^bb0(%t: " + tokens + ", %w: " + weight + "):\n  %y = model.embedding %t, %w : " + tokens + ", " +
         weight + " -> " + y + "\n  kernel.yield %y : " + y + "\n}\n";
}

// One kernel named @k: normalized rows, rounded to `result`. Operands: x, gain.
inline std::string normText(int64_t rows, int64_t columns, const std::string &result) {
  std::string x = tensorText({rows, columns}), gain = tensorText({columns}), y = tensorText({rows, columns}, result);
  return "kernel.func @k \"norm\" (" + x + ", " + gain + ") -> " + y + " {\n^bb0(%x: " + x + ", %g: " + gain +
         "):\n  %n = model.rms_norm %x, %g eps 1.0e-05 : " + x + ", " + gain + " -> " + x +
         "\n  %y = model.cast %n : " + x + " -> " + y + "\n  kernel.yield %y : " + y + "\n}\n";
}

} // namespace tenon::test
