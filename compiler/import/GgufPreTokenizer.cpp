#include "compiler/import/GgufPreTokenizer.h"

#include "compiler/import/JsonText.h"

#include <vector>

namespace tenon {
namespace {

// The steps of the tokenizer.json files of the models that the names were made for.
struct Rule {
  std::string_view names;                    // separated by spaces
  std::vector<std::string_view> expressions; // each cuts what the ones before have left
  bool digits;                               // then every digit is a word of its own
  bool gpt2;                                 // then GPT-2's expression, which ByteLevel knows
  bool composed;                             // NFC before everything
  bool ignoreMerges, addBos;
};

const std::vector<Rule> &rules() {
  static const std::vector<Rule> kRules = {
      {"llama-bpe llama3 llama-v3 falcon3 pixtral",
       {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
       false,
       false,
       false,
       true,
       true},
      {"gpt-2 phi-2", {}, false, true, false, false, false},
      {"smollm starcoder refact command-r", {}, true, true, false, false, false},
      {"qwen2 deepseek-r1-qwen",
       {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
       false,
       false,
       true,
       false,
       false},
      {"tekken",
       {R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
       false,
       false,
       false,
       true,
       true},
      {"deepseek-coder",
       {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)",
        "[\xE4\xB8\x80-\xE9\xBE\xA5\xE0\xA0\x80-\xE4\xB8\x80\xEA\xB0\x80-\xED\x9F\xBF]+"},
       true,
       false,
       false,
       false,
       false},
  };
  return kRules;
}

bool lists(std::string_view words, std::string_view word) {
  for (size_t at = 0; at <= words.size();) {
    const size_t end = std::min(words.find(' ', at), words.size());
    if (words.substr(at, end - at) == word)
      return true;
    at = end + 1;
  }
  return false;
}

std::string stepsOf(const Rule &rule) {
  std::string steps;
  for (std::string_view expression : rule.expressions)
    steps += R"({"type":"Split","pattern":{"Regex":)" + jsonString(expression) +
             R"(},"behavior":"Isolated","invert":false},)";
  if (rule.digits)
    steps += R"({"type":"Digits","individual_digits":true},)";
  steps += std::string(R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":)") +
           (rule.gpt2 ? "true}" : "false}");
  return R"({"type":"Sequence","pretokenizers":[)" + steps + "]}";
}

} // namespace

std::optional<GgufPreTokenizer> ggufPreTokenizer(std::string_view name) {
  if (name.find(' ') != std::string_view::npos)
    return std::nullopt;
  for (const Rule &rule : rules())
    if (lists(rule.names, name))
      return GgufPreTokenizer{rule.composed ? R"({"type":"NFC"})" : "null", stepsOf(rule), rule.ignoreMerges,
                              rule.addBos};
  return std::nullopt;
}

std::string ggufPreTokenizerNames() {
  std::string out;
  for (const Rule &rule : rules())
    for (const char c : std::string(out.empty() ? "" : " ") + std::string(rule.names))
      out += c == ' ' ? std::string(", ") : std::string(1, c);
  return out;
}

} // namespace tenon
