#include "compiler/import/Generation.h"

#include "compiler/import/ConfigReader.h"

namespace tenon {

Result<Generation> readGeneration(const JsonDocument &document) {
  constexpr int64_t kMostTokens = int64_t(1) << 31;
  TENON_ASSIGN(ConfigReader config, ConfigReader::open(document));
  Generation out;
  TENON_ASSIGN(out.bosIds, config.tokenIds("bos_token_id", kMostTokens));
  TENON_ASSIGN(out.eosIds, config.tokenIds("eos_token_id", kMostTokens));
  TENON_ASSIGN(out.padIds, config.tokenIds("pad_token_id", kMostTokens));
  if (auto value = config.take("do_sample")) {
    TENON_ASSIGN(out.doSample, value->boolean());
  }
  TENON_ASSIGN(out.temperature, config.optionalReal("temperature", 0, 1000));
  TENON_ASSIGN(out.topP, config.optionalReal("top_p", 0, 1));
  TENON_ASSIGN(out.minP, config.optionalReal("min_p", 0, 1));
  if (auto value = config.take("top_k")) {
    TENON_ASSIGN(out.topK, value->integer(0, kMostTokens));
  }
  TENON_ASSIGN(out.repetitionPenalty, config.optionalReal("repetition_penalty", 1e-3, 1000));
  return out;
}

Status checkTokenIds(const Generation &generation, int64_t vocab) {
  const std::pair<const char *, const std::vector<int64_t> *> lists[] = {
      {"bos_token_id", &generation.bosIds}, {"eos_token_id", &generation.eosIds}, {"pad_token_id", &generation.padIds}};
  for (auto &[key, ids] : lists)
    for (int64_t id : *ids)
      if (id < 0 || id >= vocab)
        return Status(Code::InvalidFile, std::string("generation_config.json: ") + key + ": expected ids from 0 to " +
                                             std::to_string(vocab - 1) + ", the vocabulary of config.json, got " +
                                             std::to_string(id));
  return Status::ok();
}

} // namespace tenon
