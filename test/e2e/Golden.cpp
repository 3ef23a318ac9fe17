#include "test/e2e/Golden.h"

#include "runtime/base/Json.h"

#include <cstdio>
#include <cstring>

namespace tenon::golden {

Result<std::string> readFile(const std::string &path) {
  FILE *file = std::fopen(path.c_str(), "rb");
  if (!file)
    return Status(Code::InvalidFile, "cannot open " + path);
  std::string bytes;
  char buffer[65536];
  for (size_t got; (got = std::fread(buffer, 1, sizeof buffer, file)) > 0;)
    bytes.append(buffer, got);
  std::fclose(file);
  return bytes;
}

static Result<JsonDocument> readJson(const std::string &path) {
  TENON_ASSIGN(const std::string text, readFile(path));
  return parseJson(text, path);
}

static Result<std::vector<int32_t>> ids(JsonValue object, const char *key) {
  std::vector<int32_t> out;
  TENON_ASSIGN(const JsonValue list, object.member(key));
  for (JsonValue element : list.elements()) {
    TENON_ASSIGN(const int64_t id, element.integer(0, INT32_MAX));
    out.push_back(static_cast<int32_t>(id));
  }
  return out;
}

Result<std::vector<GoldenPrompt>> readPrompts(const std::string &modelFolder) {
  TENON_ASSIGN(const JsonDocument document, readJson(modelFolder + "/golden/prompts.json"));
  std::vector<GoldenPrompt> prompts;
  for (JsonValue entry : document.root().elements()) {
    GoldenPrompt prompt;
    TENON_ASSIGN(const JsonValue name, entry.member("name"));
    TENON_ASSIGN(const std::string_view text, name.string());
    prompt.name = text;
    TENON_ASSIGN(prompt.tokens, ids(entry, "token_ids"));
    TENON_ASSIGN(prompt.greedy, ids(entry, "greedy_token_ids"));
    TENON_ASSIGN(const JsonValue margins, entry.member("greedy_margins"));
    for (JsonValue margin : margins.elements()) {
      TENON_ASSIGN(const double value, margin.real());
      prompt.margins.push_back(value);
    }
    prompts.push_back(std::move(prompt));
  }
  if (prompts.empty())
    return Status(Code::InvalidFile, modelFolder + "/golden/prompts.json holds no prompt");
  return prompts;
}

Result<Matrix> readNpy(const std::string &path) {
  TENON_ASSIGN(const std::string bytes, readFile(path));
  if (bytes.size() < 10 || bytes.compare(0, 6, "\x93NUMPY") != 0)
    return Status(Code::InvalidFile, path + " is no .npy file");
  const size_t header = static_cast<uint8_t>(bytes[8]) | static_cast<size_t>(static_cast<uint8_t>(bytes[9])) << 8;
  const std::string dictionary = bytes.substr(10, header);
  Matrix matrix;
  unsigned long long rows = 0, columns = 0;
  const size_t shape = dictionary.find("'shape': (");
  if (dictionary.find("'<f4'") == std::string::npos || dictionary.find("'fortran_order': False") == std::string::npos ||
      shape == std::string::npos ||
      std::sscanf(dictionary.c_str() + shape, "'shape': (%llu, %llu)", &rows, &columns) != 2)
    return Status(Code::InvalidFile, path + ": expected a float32 matrix in C order, got " + dictionary);
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.values.resize(rows * columns);
  if (bytes.size() != 10 + header + matrix.values.size() * sizeof(float))
    return Status(Code::InvalidFile, path + " has the wrong size");
  std::memcpy(matrix.values.data(), bytes.data() + 10 + header, matrix.values.size() * sizeof(float));
  return matrix;
}

Result<GoldenPerplexity> readPerplexity(const std::string &modelFolder, const std::string &text) {
  TENON_ASSIGN(const JsonDocument document, readJson(modelFolder + "/golden/perplexity.json"));
  TENON_ASSIGN(const JsonValue entry, document.root().member(text));
  TENON_ASSIGN(const JsonValue nll, entry.member("mean_nll"));
  TENON_ASSIGN(const JsonValue tokens, entry.member("tokens_scored"));
  GoldenPerplexity golden;
  TENON_ASSIGN(golden.meanNll, nll.real());
  TENON_ASSIGN(golden.tokens, tokens.unsignedInteger());
  return golden;
}

} // namespace tenon::golden
