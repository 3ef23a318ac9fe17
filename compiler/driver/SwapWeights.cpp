#include "compiler/driver/SwapWeights.h"

#include "compiler/driver/CacheKeys.h"
#include "compiler/driver/EngineAssembly.h"
#include "compiler/driver/KeyFields.h"
#include "compiler/driver/SourceDigest.h"
#include "compiler/import/ConfigReader.h"
#include "runtime/base/JsonDiff.h"
#include "runtime/engine/CompileRecipe.h"
#include "runtime/engine/EngineFile.h"
#include "runtime/engine/MadeBy.h"
#include "runtime/io/OutputFile.h"

#include <algorithm>
#include <charconv>

using namespace mlir;

namespace tenon {
namespace {

Result<uint64_t> numberOf(const CompileRecipe &recipe, const char *option, uint64_t limit) {
  const std::string &text = recipe.options.at(option);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > limit)
    return Status(Code::InvalidFile, std::string("its ") + option + ": expected a whole number, found '" + text + "'");
  return value;
}

Result<std::vector<uint32_t>> rowsOf(const CompileRecipe &recipe, const char *option) {
  std::vector<uint32_t> rows;
  std::string_view text = recipe.options.at(option);
  for (;;) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value == 0 || (!rows.empty() && value <= rows.back()))
      return Status(Code::InvalidFile, std::string("its ") + option + ": expected ascending numbers, found '" +
                                           recipe.options.at(option) + "'");
    rows.push_back(value);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty())
      return rows;
    text.remove_prefix(1); // recipeOf lets digits and commas through
  }
}

Result<CompileOptions> optionsOf(const CompileRecipe &recipe, const SwapOptions &asked) {
  CompileOptions options;
  options.model = asked.model;
  options.output = asked.output;
  options.targets = recipe.targets;
  options.quant = recipe.options.at("quant");
  options.kv = recipe.options.at("kv");
  options.activations = recipe.options.at("activations");
  options.externalWeights = recipe.options.at("weights") == "external";
  TENON_ASSIGN(const uint64_t maxBatch, numberOf(recipe, "max-batch", UINT32_MAX));
  TENON_ASSIGN(const uint64_t maxSeq, numberOf(recipe, "max-seq", UINT32_MAX));
  TENON_ASSIGN(const uint64_t pageTokens, numberOf(recipe, "page-tokens", UINT32_MAX));
  TENON_ASSIGN(options.kvTokens, numberOf(recipe, "kv-tokens", UINT64_MAX));
  options.maxBatch = static_cast<uint32_t>(maxBatch);
  options.maxSeq = static_cast<uint32_t>(maxSeq);
  options.pageTokens = static_cast<uint32_t>(pageTokens);
  TENON_ASSIGN(options.stepTokens, rowsOf(recipe, "step-tokens"));
  TENON_ASSIGN(options.logitRows, rowsOf(recipe, "logit-rows"));
  options.jobs = asked.jobs;
  options.maxMemory = asked.maxMemory;
  options.note = asked.note;
  options.progress = asked.progress;
  return options;
}

// What of config.json a family reads and is not the same in both.
std::string configDifferences(const JsonDocument &engine, const JsonDocument &model) {
  auto matters = [](std::string_view key) {
    return std::ranges::none_of(harmlessKeys(), [&](const HarmlessKey &h) { return h.key == key && h.only.empty(); });
  };
  std::string lines;
  auto add = [&](std::string_view key, const JsonDifference &d) {
    lines += "\n  config.json: " + std::string(key) + (d.path.empty() || d.path.front() == '[' ? "" : ".") + d.path +
             ": " + d.left.value_or("nothing") + " in the engine, " + d.right.value_or("nothing") + " in the model";
  };
  for (const auto [key, value] : engine.root().members())
    if (const auto other = model.root().find(key); !matters(key))
      continue;
    else if (!other)
      add(key, {"", value.brief(), std::nullopt});
    else
      for (const JsonDifference &d : jsonDifferences(value, *other))
        add(key, d);
  for (const auto [key, value] : model.root().members())
    if (matters(key) && !engine.root().find(key))
      add(key, {"", std::nullopt, value.brief()});
  return lines;
}

template <typename Table> std::vector<uint8_t> packed(const Table &table) {
  flatbuffers::FlatBufferBuilder builder;
  builder.ForceDefaults(true);
  builder.Finish(Table::TableType::Pack(builder, &table));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::string describe(const schema::WeightT &weight) {
  std::string text = weight.format;
  for (size_t i = 0; i < weight.shape.size(); ++i)
    text += (i ? "x" : " ") + std::to_string(weight.shape[i]);
  return text + " " + weight.layout;
}

// The first weight that is not stored alike; empty when all are.
std::string weightDifference(const schema::Rank &rank, const std::vector<std::unique_ptr<schema::WeightT>> &weights) {
  for (uint32_t i = 0; i < std::max<size_t>(rank.weights()->size(), weights.size()); ++i) {
    if (i >= weights.size())
      return "weight " + rank.weights()->Get(i)->name()->str() + ": only in the engine";
    if (i >= rank.weights()->size())
      return "weight " + weights[i]->name + ": only in the model";
    const std::unique_ptr<schema::WeightT> own(rank.weights()->Get(i)->UnPack());
    if (packed(*own) != packed(*weights[i]))
      return "weight " + own->name + ": " + describe(*own) + " in the engine, " +
             (own->name == weights[i]->name ? "" : weights[i]->name + " ") + describe(*weights[i]) + " in the model";
  }
  return {};
}

// What of the plan differs; empty when nothing does.
std::string planDifference(const schema::Variant &variant, const schema::VariantT &made) {
  const std::unique_ptr<schema::VariantT> own(variant.UnPack());
  own->code = made.code;
  if (packed(*own) == packed(made))
    return {};
  if (own->features != made.features)
    return "features of " + own->target + ": " + own->features + " in the engine, " + made.features + " here";
  if (own->kernels.size() != made.kernels.size())
    return "kernels: " + std::to_string(own->kernels.size()) + " in the engine, " +
           std::to_string(made.kernels.size()) + " for the model";
  for (size_t i = 0; i < own->kernels.size(); ++i)
    if (packed(*own->kernels[i]) != packed(*made.kernels[i]))
      return "kernel " + own->kernels[i]->symbol + ": other work";
  if (own->kv_bytes != made.kv_bytes)
    return "KV cache: " + std::to_string(own->kv_bytes) + " bytes in the engine, " + std::to_string(made.kv_bytes) +
           " for the model";
  return "the order of its work";
}

class Swap {
public:
  Swap(const SwapOptions &asked, const CompileOptions &options, const CompileRecipe &recipe, const EngineFile &engine,
       Lowering &lowering)
      : asked_(asked), options_(options), recipe_(recipe), engine_(engine), lowering_(lowering) {}

  Result<CompileReport> run(const std::vector<kernel::TargetAttr> &targets) {
    TENON_ASSIGN(engineConfig_, readConfig());
    TENON_ASSIGN(OpenedModel opened, lowering_.open());
    std::vector<std::string> inputs = opened.directory.files;
    inputs.push_back(asked_.engine);
    TENON_TRY(io::checkOutput(options_.output, inputs));
    differences_ = configDifferences(*engineConfig_, opened.directory.config);
    CompileCache cache(options_, lowering_.jobs()); // none: options_.cache is empty
    cache::Fields key = cache.begin(opened.directory, opened.shape, targets);
    auto built = lowering_.build(std::move(opened));
    if (!built.isOk())
      return std::move(built).status();
    TENON_TRY(buildOld());
    EngineAssembly assembly(options_, lowering_, *built, cache, std::move(key));
    for (kernel::TargetAttr target : targets)
      TENON_TRY(assembly.add(target, [&](ModuleOp module, kernel::TargetAttr attr, const schema::VariantT &table,
                                         const EnginePlan &) { return codeFor(module, attr, table, assembly); }));
    return assembly.write();
  }

private:
  Result<std::optional<JsonDocument>> readConfig() const {
    auto parsed = parseJson(engine_.metadata().model()->config()->string_view(), "config.json");
    if (!parsed.isOk())
      return std::move(parsed).status().within(asked_.engine);
    return std::optional<JsonDocument>(*std::move(parsed));
  }

  Status otherArchitecture(const std::string &what) const {
    return Status(Code::Constraint, "'" + asked_.model + "' is of another architecture than '" + asked_.engine +
                                        "': " + what + differences_ + "\n  compile it: tenon compile " +
                                        shellText({asked_.model, "-o", asked_.output}) + " " +
                                        shellText(recipe_.arguments()));
  }

  // The new model's tensors under the engine's config.
  Status buildOld() {
    TENON_ASSIGN(OpenedModel opened, lowering_.open());
    opened.directory.configText = engine_.metadata().model()->config()->str();
    TENON_ASSIGN(opened.directory.config, parseJson(opened.directory.configText, "config.json"));
    auto family = readModel(opened.directory.config);
    if (!family.isOk())
      return std::move(family).status().within(asked_.engine);
    opened.family = *std::move(family);
    auto built = lowering_.build(std::move(opened));
    if (!built.isOk())
      return otherArchitecture(built.status().message());
    old_.emplace(*std::move(built));
    return Status::ok();
  }

  Result<codegen::CodeImage> codeFor(ModuleOp module, kernel::TargetAttr target, const schema::VariantT &made,
                                     const EngineAssembly &assembly) const {
    const schema::Rank &rank = *engine_.metadata().ranks()->Get(0);
    if (const std::string what = weightDifference(rank, assembly.weights()); !what.empty())
      return otherArchitecture(what);
    const auto variant = std::ranges::find_if(*rank.variants(),
                                              [&](const auto *v) { return v->target()->string_view() == made.target; });
    if (variant == rank.variants()->end())
      return Status(Code::InvalidFile,
                    asked_.engine + ": expected code for its target " + made.target + ", found none");
    if (const std::string what = planDifference(**variant, made); !what.empty())
      return otherArchitecture(what);
    TENON_ASSIGN(OwningOpRef<ModuleOp> planned, lowering_.lower(*old_, target, Phase::Plan));
    if (codeFields(*planned, target) != codeFields(module, target))
      return otherArchitecture("a constant of its code");
    const auto bytes = engine_.segment(variant->code());
    return codegen::CodeImage(bytes.begin(), bytes.end());
  }

  const SwapOptions &asked_;
  const CompileOptions &options_;
  const CompileRecipe &recipe_;
  const EngineFile &engine_;
  Lowering &lowering_;
  std::optional<JsonDocument> engineConfig_;
  std::string differences_;
  std::optional<LoadedModel> old_;
};

} // namespace

Result<CompileReport> swapWeights(const SwapOptions &asked) {
  TENON_ASSIGN(const EngineFile engine, EngineFile::open(asked.engine));
  auto recipe = recipeOf(engine.metadata());
  if (!recipe.isOk())
    return std::move(recipe).status().within(asked.engine);
  if (engine.metadata().compiler()->string_view() != compilerIdentity() ||
      sourcesOf(engine.metadata()) != sourceDigest())
    return Status(Code::Constraint,
                  asked.engine + ": expected an engine of this compiler, " +
                      madeByText(compilerIdentity(), sourceDigest()) + ", found one of " + madeBy(engine.metadata()) +
                      "\n  weights are packed for the code of one compiler; compile the new model: "
                      "tenon compile " +
                      shellText({asked.model, "-o", asked.output}) + " " + shellText(recipe->arguments()));
  auto options = optionsOf(*recipe, asked);
  if (!options.isOk())
    return std::move(options).status().within(asked.engine);
  Lowering lowering(*options);
  TENON_ASSIGN(const auto targets, lowering.targets());
  return Swap(asked, *options, *recipe, engine, lowering).run(targets);
}

} // namespace tenon
