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

// An entry of the segments operand.
struct Segment {
  int32_t slot, first, rows, context;
};

// One kernel named @k for a step of attention; segments and block table are operands, the rest is constant in its code.
// Operands: queries, cache, segments, block table.
struct AttentionText {
  int64_t tokens = 1, segments = 1, slots = 1, pagesPerSlot = 4;
  int64_t heads = 8, kvHeads = 1, headDim = 64, pageTokens = 64;
  std::string cacheType = "f32", queryType = "f32", resultType = "f32";
  bool narrow = false;
  int64_t span = 0;

  int64_t spans() const { return (pagesPerSlot * pageTokens + span - 1) / span; }
  std::string cacheText() const {
    return "!model.cache<" + std::to_string(slots * pagesPerSlot) + " x " + std::to_string(pageTokens) + " x " +
           std::to_string(kvHeads) + " x " + std::to_string(headDim) + " x " + cacheType + ">";
  }
  std::string wideText() const { return tensorText({tokens, heads * headDim}); }
  std::string segmentsText() const { return tensorText({segments, 4}, "i32"); }
  std::string operandsText() const {
    return tensorText({tokens, heads * headDim}, queryType) + ", " + cacheText() + ", " + segmentsText() + ", " +
           tensorText({slots, pagesPerSlot}, "i32");
  }
  // A kernel up to `%results = model.OP`, and what follows the colon of the op's operands.
  std::string attend(const std::string &op, const std::string &results, const std::string &resultTypes) const {
    return "^bb0(%q: " + tensorText({tokens, heads * headDim}, queryType) + ", %c: " + cacheText() +
           ", %s: " + segmentsText() + ", %t: " + tensorText({slots, pagesPerSlot}, "i32") + "):\n  " + results +
           " = model." + op + " %q over %c at %s, %t heads " + std::to_string(heads) + " scale " +
           std::to_string(1 / std::sqrt(static_cast<double>(headDim))) + (narrow ? " narrow" : "") +
           (span ? " span " + std::to_string(span) : "") + " : " + operandsText() + " -> " + resultTypes + "\n";
  }

  std::string text() const {
    std::string y = tensorText({tokens, heads * headDim}, resultType);
    return "kernel.func @k \"attention\" (" + operandsText() + ") -> " + y + " {\n" +
           attend("attention", "%y", wideText()) + "  %z = model.cast %y : " + wideText() + " -> " + y +
           "\n  kernel.yield %z : " + y + "\n}\n";
  }

  // The two kernels of split attention.
  std::string partsText() const {
    std::string number = tensorText({tokens, spans() * heads});
    return tensorText({tokens, spans() * heads * headDim}) + ", " + number + ", " + number;
  }
  std::string partialText() const {
    return "kernel.func @k \"attention\" (" + operandsText() + ") -> (" + partsText() + ") {\n" +
           attend("attention_partial", "%o, %m, %l", partsText()) + "  kernel.yield %o, %m, %l : " + partsText() +
           "\n}\n";
  }
  std::string combineText() const {
    std::string y = tensorText({tokens, heads * headDim}, resultType), number = tensorText({tokens, spans() * heads});
    return "kernel.func @k \"combine\" (" + partsText() + ", " + segmentsText() + ") -> " + y +
           " {\n^bb0(%o: " + tensorText({tokens, spans() * heads * headDim}) + ", %m: " + number + ", %l: " + number +
           ", %s: " + segmentsText() + "):\n  %y = model.attention_combine %o, %m, %l at %s heads " +
           std::to_string(heads) + " span " + std::to_string(span) + " : " + partsText() + ", " + segmentsText() +
           " -> " + wideText() + "\n  %z = model.cast %y : " + wideText() + " -> " + y + "\n  kernel.yield %z : " + y +
           "\n}\n";
  }
};

} // namespace tenon::test
