// Pre-tokenizers: they cut normalized text into the words that the model sees. `pre_tokenizer` in tokenizer.json.
//
// A new kind is one class in PreTokenizers.cpp and one row in its table. Threads: immutable.
#pragma once

#include "runtime/base/Json.h"
#include "runtime/base/Status.h"
#include "runtime/text/SplitText.h"

#include <memory>

namespace tenon::text {

class PreTokenizer {
public:
  virtual ~PreTokenizer() = default;
  virtual Status apply(SplitText &text) const = 0;
  // At most this many times longer does text become (Growth.h).
  virtual double growth() const { return 1; }
};

// Errors: Unsupported for a kind that is not in the table, InvalidFile for broken parameters.
Result<std::unique_ptr<PreTokenizer>> parsePreTokenizer(const JsonValue &node);

} // namespace tenon::text
