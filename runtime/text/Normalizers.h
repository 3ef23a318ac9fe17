// Normalizers: the first thing that happens to text between added tokens. `normalizer` in tokenizer.json.
//
// A new kind is one class here below and one row in Normalizers.cpp's table. Threads: immutable.
#pragma once

#include "runtime/base/Json.h"
#include "runtime/base/Status.h"
#include "runtime/text/SplitText.h"

#include <memory>

namespace tenon::text {

class Normalizer {
public:
  virtual ~Normalizer() = default;
  // `text` is not empty when a piece's normalization begins; later normalizers of a sequence may meet an empty one.
  virtual Status apply(NormalText &text) const = 0;
  // At most this many times longer does text become (Growth.h).
  virtual double growth() const { return 1; }
};

// Errors: Unsupported for a kind that is not in the table, InvalidFile for broken parameters.
Result<std::unique_ptr<Normalizer>> parseNormalizer(const JsonValue &node);

} // namespace tenon::text
