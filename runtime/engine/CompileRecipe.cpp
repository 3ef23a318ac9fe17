#include "runtime/engine/CompileRecipe.h"

#include <algorithm>

namespace tenon {
namespace {

bool isLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isNumber(char c) { return isDigit(c); }
bool isList(char c) { return isDigit(c) || c == ','; }
bool isWord(char c) { return isLowerOrDigit(c); }
bool isSpec(char c) { return isLowerOrDigit(c) || c == ':' || c == '-' || c == '+' || c == '.' || c == '_'; }
// Patterns of weights' names are in it; no control characters.
bool isRecipe(char c) { return c >= ' ' && c <= '~'; }

struct Option {
  const char *field, *flag;
  bool (*holds)(char);
};

constexpr Option kOptions[] = {
    {"option.quant", "quant", isRecipe},
    {"option.activations", "activations", isWord},
    {"option.kv", "kv", isWord},
    {"option.weights", "weights", isWord},
    {"shape.max-batch", "max-batch", isNumber},
    {"shape.max-seq", "max-seq", isNumber},
    {"shape.kv-tokens", "kv-tokens", isNumber},
    {"shape.page-tokens", "page-tokens", isNumber},
    {"shape.step-tokens", "step-tokens", isList},
    {"shape.logit-rows", "logit-rows", isList},
};
constexpr size_t kMaxValue = 4096, kMaxTargets = 64;

const schema::KeyValue *find(const schema::Engine &engine, std::string_view key) {
  for (const schema::KeyValue *field : *engine.key_fields())
    if (field->key()->string_view() == key)
      return field;
  return nullptr;
}

Result<std::string> valueOf(const schema::Engine &engine, const std::string &key, bool (*holds)(char)) {
  const schema::KeyValue *field = find(engine, key);
  if (!field)
    return Status(Code::InvalidFile, "key field '" + key + "': expected the value of an option, found none");
  const std::string_view value = field->value()->string_view();
  if (value.empty() || value.size() > kMaxValue || !std::all_of(value.begin(), value.end(), holds))
    return Status(Code::InvalidFile, "key field '" + key + "': expected a value of its option, found something else");
  return std::string(value);
}

} // namespace

Result<CompileRecipe> recipeOf(const schema::Engine &engine) {
  CompileRecipe recipe;
  for (const Option &option : kOptions) {
    TENON_ASSIGN(recipe.options[option.flag], valueOf(engine, option.field, option.holds));
  }
  TENON_ASSIGN(recipe.source, valueOf(engine, "model.source", isWord));
  for (size_t i = 0; i < kMaxTargets && find(engine, "target." + std::to_string(i)); ++i) {
    TENON_ASSIGN(std::string spec, valueOf(engine, "target." + std::to_string(i), isSpec));
    recipe.targets.push_back(std::move(spec));
  }
  if (recipe.targets.empty())
    return Status(Code::InvalidFile, "key field 'target.0': expected a target, found none");
  return recipe;
}

std::vector<std::string> CompileRecipe::arguments() const {
  std::vector<std::string> words;
  for (const std::string &target : targets)
    words.push_back("--target=" + target);
  for (const Option &option : kOptions)
    words.push_back("--" + std::string(option.flag) + "=" + options.at(option.flag));
  return words;
}

CompileRecipe CompileRecipe::onTargets(std::vector<std::string> others) const {
  CompileRecipe recipe = *this;
  recipe.targets = std::move(others);
  return recipe;
}

std::string shellText(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words) {
    const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
      return isLowerOrDigit(c) || (c >= 'A' && c <= 'Z') || std::string_view("-_=:+.,/@%").find(c) != std::string::npos;
    });
    text += text.empty() ? "" : " ";
    if (plain) {
      text += word;
      continue;
    }
    text += '\'';
    for (char c : word)
      text += c == '\'' ? "'\\''" : std::string(1, c);
    text += '\'';
  }
  return text;
}

} // namespace tenon
