// Texts of attention kernels for tests and benchmarks.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace tenon::test {

inline std::string tensorText(std::initializer_list<int64_t> shape, const std::string &element = "f32") {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + element + ">";
}

// One kernel named @k for a step of attention; segments and block table are operands, the rest is constant in its code.
// Operands: queries, cache, segments, block table.
struct AttentionText {
  int64_t tokens = 1, segments = 1, slots = 1, pagesPerSlot = 4;
  int64_t heads = 8, kvHeads = 1, headDim = 64, pageTokens = 64;
  std::string cacheType = "f32", queryType = "f32", resultType = "f32";
  bool narrow = false;

  std::string text() const {
    std::string wide = tensorText({tokens, heads * headDim}), q = tensorText({tokens, heads * headDim}, queryType);
    std::string y = tensorText({tokens, heads * headDim}, resultType);
    std::string cache = "!model.cache<" + std::to_string(slots * pagesPerSlot) + " x " + std::to_string(pageTokens) +
                        " x " + std::to_string(kvHeads) + " x " + std::to_string(headDim) + " x " + cacheType + ">";
    std::string table = tensorText({segments, 4}, "i32"), blocks = tensorText({slots, pagesPerSlot}, "i32");
    std::string operands = q + ", " + cache + ", " + table + ", " + blocks;
    std::string cast = "  %z = model.cast %y : " + wide + " -> " + y + "\n  kernel.yield %z : " + y + "\n";
    return "kernel.func @k \"attention\" (" + operands + ") -> " + y + " {\n^bb0(%q: " + q + ", %c: " + cache +
           ", %s: " + table + ", %t: " + blocks + "):\n  %y = model.attention %q over %c at %s, %t heads " +
           std::to_string(heads) + " scale " + std::to_string(1 / std::sqrt(static_cast<double>(headDim))) +
           (narrow ? " narrow : " : " : ") + operands + " -> " + wide + "\n" + cast + "}\n";
  }
};

} // namespace tenon::test
