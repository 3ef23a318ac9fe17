// What a Tokenizer is made of; only Tokenizer's own sources see this.
#pragma once

#include "runtime/text/AddedTokens.h"
#include "runtime/text/Bpe.h"
#include "runtime/text/Decoders.h"
#include "runtime/text/Normalizers.h"
#include "runtime/text/PostProcessors.h"
#include "runtime/text/PreTokenizers.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/Vocabulary.h"

namespace tenon::text {

struct Tokenizer::Parts {
  Vocabulary vocabulary; // of the model and the added tokens
  std::unique_ptr<Bpe> model;
  AddedTokens added;
  std::unique_ptr<Normalizer> normalizer;       // may be null
  std::unique_ptr<PreTokenizer> preTokenizer;   // may be null
  std::unique_ptr<PostProcessor> postProcessor; // may be null
  DecoderList decoders;
  std::optional<int32_t> bos;
  std::optional<int32_t> eos;

  Status parseTokenizer(std::string_view json);
  Status parseConfig(std::string_view json);
};

} // namespace tenon::text
