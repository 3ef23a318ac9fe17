#include "tools/tenon-compiler/CompileFlags.h"

#include "compiler/driver/Compiler.h"
#include "tools/cli/Quantity.h"

#include <climits>

namespace tenon::cli {
namespace {

Status inFlag(const char *flag, Status status) { return std::move(status).within(flag); }

Result<std::optional<uint32_t>> readCount(const char *flag, const std::string &text) {
  if (text.empty())
    return std::optional<uint32_t>();
  auto value = parseQuantity(text, true);
  if (!value.isOk())
    return inFlag(flag, std::move(value).status());
  if (*value > UINT32_MAX)
    return Status(Code::Usage, std::string(flag) + ": " + text + " is too large");
  return std::optional<uint32_t>(static_cast<uint32_t>(*value));
}

Result<std::vector<uint32_t>> readRows(const char *flag, const std::string &text) {
  if (text.empty())
    return std::vector<uint32_t>();
  auto rows = parseList(text);
  if (!rows.isOk())
    return inFlag(flag, std::move(rows).status());
  return rows;
}

// An empty value is a variable that was not set, not the default.
std::string refuseEmpty(const std::string &text) {
  return text.empty() ? "expected a number, got nothing; leave the option out for its default" : "";
}

} // namespace

void CompileFlags::declare(CLI::App &app) {
  std::string specs;
  for (const std::string &spec : targetList())
    specs += (specs.empty() ? "" : ", ") + spec;
  app.add_option("model", model_, "Model folder, GGUF file, random:CONFIG.json or zeros:CONFIG.json")->required();
  app.add_option("--target", targets_,
                 "Instruction set, repeatable; several make one engine, which runs the best that a machine has: " +
                     specs)
      ->default_str("native")
      ->type_name("SPEC")
      ->allow_extra_args(false);
  app.add_option(
         "--quant", quant_,
         "Stored weights: a format, then PATTERN=FORMAT for some of them, as 'int4_wo; lm_head=int8_wo'. Formats: " +
             formatList())
      ->default_str("auto")
      ->type_name("RECIPE");
  app.add_option("--activations", activations_,
                 "Rows that meet quantized weights: auto is 8 bits with a scale for every 32 inputs; int8 has one for "
                 "a row, faster "
                 "and open to outliers; float dequantizes the weights, slower")
      ->check(CLI::IsMember({"auto", "int8", "float"}))
      ->default_str("auto");
  app.add_option("--kv", kv_, "Stored keys and values: bf16, f16, f32, int8; auto follows the weights' floats")
      ->check(CLI::IsMember({"auto", "bf16", "f16", "f32", "int8"}))
      ->default_str("auto");
  app.add_option("--max-batch", maxBatch_, "Sequences at once")->default_str("4")->type_name("N")->check(refuseEmpty);
  app.add_option("--max-seq", maxSeq_, "Tokens of one sequence")
      ->default_str("the model's limit, at most 4k")
      ->type_name("N")
      ->check(refuseEmpty);
  app.add_option("--kv-tokens", kvTokens_, "Tokens of all sequences together")
      ->default_str("max-batch x max-seq")
      ->type_name("N")
      ->check(refuseEmpty);
  app.add_option("--page-tokens", pageTokens_, "Tokens in one page of the KV cache")
      ->default_str("64")
      ->type_name("N")
      ->check(refuseEmpty);
  app.add_option("--step-tokens", stepTokens_, "Rows that a step may have, such as 1,8,64")
      ->default_str("1,2,4,8,16,64,128,256")
      ->type_name("LIST")
      ->check(refuseEmpty);
  app.add_option("--logit-rows", logitRows_, "Rows for which logits are made at once")
      ->default_str("1,2,4,8,16")
      ->type_name("LIST")
      ->check(refuseEmpty);
  app.add_option("-j,--jobs", jobs_, "Threads; 0: one for each core. The engine is the same for any number")
      ->default_str("0");
}

Result<CompileOptions> CompileFlags::read() const {
  CompileOptions options;
  options.model = model_;
  options.quant = quant_;
  options.activations = activations_;
  options.kv = kv_;
  if (!targets_.empty())
    options.targets = targets_;
  options.jobs = jobs_;
  TENON_ASSIGN(options.maxBatch, readCount("--max-batch", maxBatch_));
  TENON_ASSIGN(options.maxSeq, readCount("--max-seq", maxSeq_));
  TENON_ASSIGN(options.pageTokens, readCount("--page-tokens", pageTokens_));
  TENON_ASSIGN(const auto kvTokens, readCount("--kv-tokens", kvTokens_));
  if (kvTokens)
    options.kvTokens = *kvTokens;
  TENON_ASSIGN(options.stepTokens, readRows("--step-tokens", stepTokens_));
  TENON_ASSIGN(options.logitRows, readRows("--logit-rows", logitRows_));
  return options;
}

} // namespace tenon::cli
