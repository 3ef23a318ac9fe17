// Reads tokenizer.json and tokenizer_config.json.
#include "runtime/text/TokenizerParts.h"

namespace tenon::text {

namespace {

// A model without "type" is what files before 2020 have; vocabulary and merges together are BPE's alone.
Status checkModelKind(const JsonNode &model) {
  if (std::optional<JsonNode> type = model.find("type")) {
    TENON_ASSIGN(std::string_view name, type->asString());
    if (name != "BPE")
      return type->unsupported("model kind " + inQuotes(name) + " is not supported; supported is BPE");
    return Status::ok();
  }
  if (!model.has("vocab") || !model.has("merges"))
    return model.unsupported("a model without \"type\", \"vocab\" and \"merges\" is not supported; supported is BPE");
  return Status::ok();
}

// A special token's text in tokenizer_config.json: a string, or an object with "content".
Result<std::optional<int32_t>> namedToken(const JsonNode &root, std::string_view key, const Vocabulary &vocabulary) {
  std::optional<JsonNode> node = root.find(key);
  if (!node)
    return std::optional<int32_t>();
  std::string_view text;
  if (node->isObject()) {
    TENON_ASSIGN(text, node->string("content"));
  } else {
    TENON_ASSIGN(text, node->asString());
  }
  int32_t id = vocabulary.find(text);
  if (id < 0)
    return node->invalid("a token of tokenizer.json", inQuotes(text));
  return std::optional<int32_t>(id);
}

} // namespace

Status Tokenizer::Parts::parseTokenizer(std::string_view json) {
  TENON_ASSIGN(std::unique_ptr<JsonDocument> document, JsonDocument::parse(json, "tokenizer.json", ".model.vocab"));
  const JsonNode &root = document->root();
  if (std::optional<JsonNode> version = root.find("version")) {
    TENON_ASSIGN(std::string_view number, version->asString());
    if (number != "1.0")
      return version->unsupported("version " + inQuotes(number) + " is not supported; supported is \"1.0\"");
  }
  TENON_ASSIGN(JsonNode modelNode, root.member("model"));
  TENON_TRY(modelNode.asObject().isOk() ? Status::ok() : modelNode.invalid("an object", modelNode.describe()));
  TENON_TRY(checkModelKind(modelNode));
  // The kinds first, so that what is not supported is said before the vocabulary is read.
  if (std::optional<JsonNode> node = root.find("normalizer")) {
    TENON_ASSIGN(normalizer, parseNormalizer(*node));
  }
  if (std::optional<JsonNode> node = root.find("pre_tokenizer")) {
    TENON_ASSIGN(preTokenizer, parsePreTokenizer(*node));
  }
  if (std::optional<JsonNode> node = root.find("post_processor")) {
    TENON_ASSIGN(postProcessor, parsePostProcessor(*node));
  }
  if (std::optional<JsonNode> node = root.find("decoder"))
    TENON_TRY(parseDecoder(*node, decoders));
  else
    decoders = joinWithSpaces();
  TENON_ASSIGN(model, Bpe::parse(modelNode, vocabulary));
  if (std::optional<JsonNode> node = root.find("added_tokens"))
    TENON_TRY(added.parse(*node, normalizer.get(), vocabulary));
  if (postProcessor)
    TENON_TRY(postProcessor->check(vocabulary));
  if (vocabulary.size() == 0)
    return modelNode.invalid("a vocabulary with at least one token", "none");
  return Status::ok();
}

Status Tokenizer::Parts::parseConfig(std::string_view json) {
  TENON_ASSIGN(std::unique_ptr<JsonDocument> document, JsonDocument::parse(json, "tokenizer_config.json"));
  const JsonNode &root = document->root();
  TENON_ASSIGN(bos, namedToken(root, "bos_token", vocabulary));
  TENON_ASSIGN(eos, namedToken(root, "eos_token", vocabulary));
  // transformers' Llama class replaces the post-processor by these two switches; only what the file states is followed.
  std::optional<JsonNode> type = root.find("tokenizer_class");
  bool isLlama =
      type && type->isString() && (*type->asString() == "LlamaTokenizer" || *type->asString() == "LlamaTokenizerFast");
  if (!isLlama || !root.find("add_bos_token") || !root.find("add_eos_token"))
    return Status::ok();
  TENON_ASSIGN(bool addBos, root.boolean("add_bos_token"));
  TENON_ASSIGN(bool addEos, root.boolean("add_eos_token"));
  if (addBos && !bos)
    return root.invalid("a bos_token, because add_bos_token is true", "none");
  if (addEos && !eos)
    return root.invalid("an eos_token, because add_eos_token is true", "none");
  std::vector<int32_t> before, after;
  if (addBos)
    before.push_back(*bos);
  if (addEos)
    after.push_back(*eos);
  postProcessor = surroundWith(std::move(before), std::move(after));
  return Status::ok();
}

} // namespace tenon::text
