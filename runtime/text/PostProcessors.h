// Post-processors: what is put around the tokens of a text (BOS and the like). `post_processor` in tokenizer.json.
//
// A new kind is one class in PostProcessors.cpp and one row in its table. Threads: immutable.
#pragma once

#include "runtime/base/Json.h"
#include "runtime/base/Status.h"
#include "runtime/text/Vocabulary.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace tenon::text {

class PostProcessor {
public:
  virtual ~PostProcessor() = default;
  // Rewrites the tokens of one text. Without `addSpecial` special tokens are left out.
  virtual void apply(std::vector<int32_t> &ids, bool addSpecial) const = 0;
  // Errors (InvalidFile) for ids that are no tokens.
  virtual Status check(const Vocabulary &vocabulary) const = 0;
};

// Errors: Unsupported for a kind that is not in the table, InvalidFile for broken parameters.
Result<std::unique_ptr<PostProcessor>> parsePostProcessor(const JsonValue &node);

// `before`, the text's tokens, `after`.
std::unique_ptr<PostProcessor> surroundWith(std::vector<int32_t> before, std::vector<int32_t> after);

} // namespace tenon::text
