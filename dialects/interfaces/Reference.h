// Values of the reference evaluation: plain host tensors in f32 or i32, and the KV cache as the ops see it.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <memory>
#include <vector>

namespace tenon::ref {

// Row-major. Exactly one of `f32` and `i32` is filled, with one element per position of `shape`. A quantized matrix
// holds its codes less their zero points in `i32`: element (r, c) is i32 * scales[r * ceil(columns / group) + c /
// group].
struct Tensor {
  llvm::SmallVector<int64_t, 3> shape;
  std::vector<float> f32;
  std::vector<int32_t> i32;
  std::vector<float> scales; // of a quantized matrix, else empty
  int64_t group = 0;         // of columns that share a scale, the last one may be short

  bool isQuantized() const { return !scales.empty(); }

  int64_t elements() const {
    int64_t n = 1;
    for (int64_t d : shape)
      n *= d;
    return n;
  }
};

// One layer's keys and values, by page: keys and values are [pages][kvHeads][pageTokens][headDim] in plain order (the
// packed order of a kernel's cache is the kernel's business).
struct Cache {
  int64_t pages = 0, kvHeads = 0, pageTokens = 0, headDim = 0;
  std::vector<float> keys, values;
  // Where the cache stores codes: keys and values hold codes, to be multiplied with their token's scale,
  // [pages][kvHeads] [pageTokens]. Empty elsewhere.
  std::vector<float> keyScales, valueScales;

  float key(size_t index) const { return keyScales.empty() ? keys[index] : keys[index] * keyScales[index / headDim]; }
  float value(size_t index) const {
    return valueScales.empty() ? values[index] : values[index] * valueScales[index / headDim];
  }
  size_t at(int64_t page, int64_t head, int64_t token) const {
    return static_cast<size_t>(((page * kvHeads + head) * pageTokens + token) * headDim);
  }
};

// Either a tensor or a cache; shared, because caches are updated in place and weights are large.
struct Value {
  std::shared_ptr<Tensor> tensor;
  std::shared_ptr<Cache> cache;
};

// Where symbols get their contents from. Owned by the caller of the evaluation.
class Context {
public:
  virtual ~Context() = default;
  // The logical contents (recipe applied, packing not) of weight `symbol`, null when it cannot be had (a diagnostic was
  // emitted).
  virtual std::shared_ptr<Tensor> weight(llvm::StringRef symbol) = 0;
  virtual std::shared_ptr<Cache> cache(llvm::StringRef symbol) = 0;
};

} // namespace tenon::ref
