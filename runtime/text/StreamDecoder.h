// Decodes tokens as they are generated.
#pragma once

#include "runtime/text/Tokenizer.h"

#include <memory>
#include <string>

namespace tenon::text {

class DecodeChain;

// What push() and finish() return, put together, is exactly what Tokenizer::decode() gives for the same ids; each
// return value is whole characters. Text that a later token could still change waits: bytes of an unfinished character
// and, for SentencePiece tokenizers, a run of byte tokens. Threads: one at a time.
class StreamDecoder {
public:
  // `tokenizer` must outlive the decoder.
  StreamDecoder(const Tokenizer &tokenizer, bool showSpecial);
  ~StreamDecoder();
  StreamDecoder(StreamDecoder &&) noexcept;
  StreamDecoder &operator=(StreamDecoder &&) noexcept;

  // The text that `id` settles; may be empty.
  std::string push(int32_t id);
  // The text that waited for more. Call it once, at the end.
  std::string finish();

private:
  friend class Tokenizer;
  void push(int32_t id, std::string &out);

  const Tokenizer *tokenizer_;
  bool showSpecial_;
  std::unique_ptr<DecodeChain> chain_;
};

} // namespace tenon::text
