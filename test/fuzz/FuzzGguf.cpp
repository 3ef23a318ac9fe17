// A GGUF file from hostile bytes: header, config, tokenizer, tensors. What is accepted must keep the promises of the
// headers in compiler/import, and what is made of it must be readable or refused with a message.
#include "compiler/families/LlamaConfig.h"
#include "compiler/import/GgufConfig.h"
#include "compiler/import/GgufTensors.h"
#include "compiler/import/GgufVocabulary.h"
#include "runtime/text/Tokenizer.h"
#include "test/fuzz/Require.h"

#include <set>

using namespace tenon;

static void checkHeader(const GgufHeader &header, size_t size) {
  uint64_t at = header.dataStart;
  std::set<std::string_view> names;
  for (const GgufTensor &tensor : header.tensors) {
    require(tensor.offset >= at && tensor.offset % header.alignment == 0);
    require(tensor.offset <= size && tensor.bytes <= size - tensor.offset);
    require(tensor.rank >= 1 && tensor.rank <= 4 && !tensor.name.empty() && names.insert(tensor.name).second);
    at = tensor.offset + tensor.bytes;
  }
  for (size_t i = 1; i < header.entries.size(); ++i)
    require(header.entries[i - 1].key < header.entries[i].key);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const std::string name = "fuzz.gguf";
  auto refused = [](const Status &status) {
    require(status.message().starts_with("fuzz.gguf"));
    require(status.code() == Code::InvalidFile || status.code() == Code::Unsupported);
    return 0;
  };
  auto header = readGgufHeader(bytes, name);
  if (!header.isOk())
    return refused(header.status());
  checkHeader(*header, size);
  GgufMetadata metadata(bytes, name, header->entries);
  for (const GgufEntry &entry : header->entries)
    require(!metadata.brief(entry).empty());
  require(ggufTensors(*header, 2, 1).size() <= header->tensors.size());

  auto config = readGgufConfig(metadata, *header, bytes);
  int64_t vocab = config.isOk() ? config->vocab : 8;
  if (config.isOk()) {
    auto document = parseJson(config->json, name);
    require(document.isOk());
    auto reader = ConfigReader::open(*document);
    require(reader.isOk());
    auto llama = readLlamaConfig(*reader);
    if (!llama.isOk())
      refused(llama.status());
  } else {
    refused(config.status());
  }
  auto vocabulary = readGgufVocabulary(metadata, vocab);
  if (!vocabulary.isOk())
    return refused(vocabulary.status());
  if (vocabulary->tokenizer.empty())
    return 0;
  require(parseJson(vocabulary->tokenizerConfig, name).isOk());
  auto tokenizer = text::Tokenizer::parse(vocabulary->tokenizer, vocabulary->tokenizerConfig);
  if (!tokenizer.isOk()) {
    require(!tokenizer.status().message().empty());
    return 0;
  }
  auto ids = (*tokenizer)->encode("ab aA \xC3\xA9", true);
  require(!ids.isOk() || !(*tokenizer)->decode(*ids, true).empty() || ids->empty());
  return 0;
}
