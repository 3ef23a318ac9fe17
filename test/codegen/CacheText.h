// Texts of cache kernels (rope and cache_append) for tests.
#pragma once

#include "test/codegen/AttentionText.h"

namespace tenon::test {

// One kernel named @k. Operands: q, k, v, cache, positions, slots, block table, rope table; all of them, whatever the
// kernel does with them. Its result is the rotated q, without ropeQuery and append the rotated k.
struct CacheText {
  int64_t tokens = 5, slots = 3, pagesPerSlot = 3;
  int64_t heads = 4, kvHeads = 2, headDim = 32, pageTokens = 64;
  std::string cacheType = "f32";
  bool ropeQuery = true, ropeKey = true, append = true;

  std::string text() const {
    std::string q = tensorText({tokens, heads * headDim}), k = tensorText({tokens, kvHeads * headDim});
    std::string cache = "!model.cache<" + std::to_string(slots * pagesPerSlot) + " x " + std::to_string(pageTokens) +
                        " x " + std::to_string(kvHeads) + " x " + std::to_string(headDim) + " x " + cacheType + ">";
    std::string rows = tensorText({tokens}, "i32"), blocks = tensorText({slots, pagesPerSlot}, "i32");
    std::string table = tensorText({pagesPerSlot * pageTokens, headDim});
    auto rope = [&](const char *to, const char *from, int64_t count, const std::string &type) {
      return std::string("  ") + to + " = model.rope " + from + ", %p, %r heads " + std::to_string(count) + " : " +
             type + ", " + rows + ", " + table + " -> " + type + "\n";
    };
    std::string body, result = ropeQuery ? q : append ? "" : k;
    if (ropeQuery)
      body += rope("%yq", "%q", heads, q);
    if (ropeKey)
      body += rope("%yk", "%k", kvHeads, k);
    if (append)
      body += std::string("  model.cache_append ") + (ropeKey ? "%yk" : "%k") + ", %v into %c at %p, %s, %b : " + k +
              ", " + k + ", " + cache + ", " + rows + ", " + rows + ", " + blocks + "\n";
    body += result.empty() ? "  kernel.yield\n"
                           : std::string("  kernel.yield ") + (ropeQuery ? "%yq" : "%yk") + " : " + result + "\n";
    return "kernel.func @k \"cache\" (" + q + ", " + k + ", " + k + ", " + cache + ", " + rows + ", " + rows + ", " +
           blocks + ", " + table + ") -> (" + result + ") {\n^bb0(%q: " + q + ", %k: " + k + ", %v: " + k +
           ", %c: " + cache + ", %p: " + rows + ", %s: " + rows + ", %b: " + blocks + ", %r: " + table + "):\n" + body +
           "}\n";
  }
};

} // namespace tenon::test
