#include "compiler/import/ModelDirectory.h"

#include "compiler/import/ConfigReader.h"
#include "compiler/import/GgufConfig.h"
#include "compiler/import/GgufTensors.h"
#include "compiler/import/GgufVocabulary.h"
#include "runtime/io/MappedFile.h"

#include <filesystem>

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxConfig = 4ull << 20;
constexpr uint64_t kMaxTokenizer = 256ull << 20; // the largest published ones have about 35 MB
constexpr uint64_t kMaxTokenizerConfig = 16ull << 20;

using PathList = std::vector<std::string>;

// Appends the file to `files`.
Result<std::string> readFile(const fs::path &path, uint64_t most, PathList &files) {
  files.push_back(path.string());
  TENON_ASSIGN(io::MappedFile file, io::MappedFile::open(path.string()));
  if (file.size() > most)
    return Status(Code::InvalidFile, path.string() + ": " + std::to_string(file.size()) + " bytes, expected at most " +
                                         std::to_string(most));
  std::string text(file.size(), '\0');
  TENON_TRY(file.read(0, {reinterpret_cast<uint8_t *>(text.data()), text.size()}));
  return text;
}

// A missing file reads as empty; anything else that goes wrong is an error.
Result<std::string> readIfThere(const fs::path &path, uint64_t most, PathList &files) {
  std::error_code error;
  if (fs::symlink_status(path, error).type() == fs::file_type::not_found)
    return std::string();
  return readFile(path, most, files);
}

Result<TokenizerFiles> readTokenizer(const fs::path &folder, PathList &files) {
  TokenizerFiles out;
  TENON_ASSIGN(out.tokenizer, readIfThere(folder / "tokenizer.json", kMaxTokenizer, files));
  TENON_ASSIGN(out.tokenizerConfig, readIfThere(folder / "tokenizer_config.json", kMaxTokenizerConfig, files));
  TENON_ASSIGN(out.specialTokensMap, readIfThere(folder / "special_tokens_map.json", kMaxTokenizerConfig, files));
  // Of the same names as tokenizer_config.json, which is what is followed: only a broken download is looked for.
  if (!out.specialTokensMap.empty()) {
    TENON_ASSIGN(const JsonDocument map,
                 parseJson(out.specialTokensMap, "special_tokens_map.json", {.maxBytes = kMaxTokenizerConfig}));
    TENON_TRY(map.root().asObject().status());
  }
  TENON_ASSIGN(out.chatTemplate, readIfThere(folder / "chat_template.jinja", kMaxTokenizerConfig, files));
  if (!out.tokenizer.empty())
    return out;
  out.absence = folder.string() + ": no tokenizer.json, or an empty one";
  std::error_code error;
  if (fs::exists(folder / "tokenizer.model", error))
    out.absence += "; tokenizer.model (SentencePiece) is not read: let transformers' AutoTokenizer convert it and "
                   "save_pretrained the result";
  else
    out.absence += "; copy it from where the model came from, or pass token ids";
  return out;
}

Result<ModelDirectory> openFolder(const std::string &source) {
  const fs::path folder(source);
  PathList files;
  TENON_ASSIGN(std::string text, readFile(folder / "config.json", kMaxConfig, files));
  TENON_ASSIGN(JsonDocument config, parseJson(text, "config.json", {.maxBytes = kMaxConfig}));
  Generation generation;
  if (std::error_code error;
      fs::symlink_status(folder / "generation_config.json", error).type() != fs::file_type::not_found) {
    TENON_ASSIGN(std::string generationText, readFile(folder / "generation_config.json", kMaxConfig, files));
    TENON_ASSIGN(JsonDocument document, parseJson(generationText, "generation_config.json", {.maxBytes = kMaxConfig}));
    TENON_ASSIGN(generation, readGeneration(document));
  }
  TENON_ASSIGN(Checkpoint checkpoint, Checkpoint::open(source));
  for (const std::string &name : checkpoint.names())
    files.push_back((folder / name).string());
  TENON_ASSIGN(TokenizerFiles tokenizer, readTokenizer(folder, files));
  return ModelDirectory{source,
                        WeightSource::Checkpoint,
                        std::move(text),
                        std::move(config),
                        std::move(generation),
                        std::move(checkpoint),
                        std::move(tokenizer),
                        std::move(files)};
}

Result<ModelDirectory> openGguf(const std::string &source) {
  const std::string name = fs::path(source).filename().string();
  TENON_ASSIGN(io::MappedFile file, io::MappedFile::open(source));
  TENON_ASSIGN(const GgufHeader header, readGgufHeader(file.bytes(), name));
  GgufMetadata metadata(file.bytes(), name, header.entries);
  TENON_ASSIGN(GgufConfig config, readGgufConfig(metadata, header, file.bytes()));
  TENON_ASSIGN(JsonDocument document, parseJson(config.json, name + ", as config.json", {.maxBytes = kMaxConfig}));
  TENON_ASSIGN(GgufVocabulary vocabulary, readGgufVocabulary(metadata, config.vocab));
  TokenizerFiles tokenizer;
  tokenizer.tokenizer = std::move(vocabulary.tokenizer);
  tokenizer.tokenizerConfig = std::move(vocabulary.tokenizerConfig);
  if (tokenizer.tokenizer.empty())
    tokenizer.absence = source + ": the file has no vocabulary: pass token ids";
  TENON_ASSIGN(Checkpoint checkpoint,
               Checkpoint::ofFile({name, std::move(file)}, ggufTensors(header, config.heads, config.kvHeads)));
  return ModelDirectory{source,
                        WeightSource::Checkpoint,
                        std::move(config.json),
                        std::move(document),
                        std::move(vocabulary.generation),
                        std::move(checkpoint),
                        std::move(tokenizer),
                        {source}};
}

// By its name or its first bytes.
bool isGguf(const std::string &source) {
  if (source.ends_with(".gguf"))
    return true;
  auto file = io::MappedFile::open(source);
  return file.isOk() && file->size() >= 4 && std::equal(file->bytes().begin(), file->bytes().begin() + 4, "GGUF");
}

Result<ModelDirectory> openConfigAlone(const std::string &source, WeightSource weights, const std::string &path) {
  PathList files;
  TENON_ASSIGN(std::string text, readFile(path, kMaxConfig, files));
  TENON_ASSIGN(JsonDocument config, parseJson(text, fs::path(path).filename().string(), {.maxBytes = kMaxConfig}));
  TokenizerFiles none;
  none.absence = source + " has no tokenizer: pass token ids";
  return ModelDirectory{source, weights,      std::move(text), std::move(config),
                        {},     std::nullopt, std::move(none), std::move(files)};
}

} // namespace

Result<ModelDirectory> ModelDirectory::open(const std::string &source) {
  for (auto [prefix, weights] : {std::pair(std::string_view("random:"), WeightSource::Random),
                                 std::pair(std::string_view("zeros:"), WeightSource::Zeros)})
    if (source.starts_with(prefix))
      return openConfigAlone(source, weights, source.substr(prefix.size()));
  std::error_code error;
  auto kind = fs::status(source, error).type();
  if (kind == fs::file_type::directory)
    return openFolder(source);
  if (kind == fs::file_type::not_found)
    return Status(Code::InvalidFile, source +
                                         ": there is no such folder or file; expected a folder with config.json and "
                                         "model.safetensors, or a GGUF file");
  if (isGguf(source))
    return openGguf(source);
  return Status(Code::InvalidFile, source + ": expected a folder with config.json and model.safetensors or a GGUF "
                                            "file, got another file; random:CONFIG.json compiles a config without "
                                            "weights");
}

Result<std::string> ModelDirectory::modelType() const {
  TENON_ASSIGN(ConfigReader reader, ConfigReader::open(config));
  return reader.string("model_type");
}

} // namespace tenon
