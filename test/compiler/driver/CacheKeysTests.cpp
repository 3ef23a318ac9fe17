// No false hit: every member that the keys know is changed, one at a time, and each key changes exactly where the table
// says that it may. The table is complete because CacheKeys.cpp unpacks the structs; the list here because a row
// without a change fails.
#include "compiler/driver/CacheKeys.h"

#include "passes/Pipelines.h"
#include "runtime/base/Json.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <set>
#include <unistd.h>

using namespace mlir;
using namespace tenon;
namespace fs = std::filesystem;

namespace {

struct Keys {
  std::string engine, code, weights;
};

// The keys of a compilation, and the change that is made to what it reads on the way.
struct Case {
  CompileOptions options;
  std::function<void(OpenedModel &)> change = [](OpenedModel &) {};
  SourceDigests sources;
};

Result<Keys> keysOf(const Case &given) {
  Lowering lowering(given.options);
  TENON_ASSIGN(const auto targets, lowering.targets());
  TENON_ASSIGN(OpenedModel opened, lowering.open());
  given.change(opened);
  SourceDigests sources = given.sources;
  if (opened.directory.checkpoint)
    sources.resize(opened.directory.checkpoint->files().size());
  Keys keys;
  keys.engine =
      keyOf(cache::Kind::Engine, engineFields(given.options, opened.directory, opened.shape, targets, sources)).hex;
  TENON_ASSIGN(const LoadedModel model, lowering.build(std::move(opened)));
  TENON_ASSIGN(OwningOpRef<ModuleOp> module, lowering.lower(model, targets[0], Phase::Plan));
  keys.code = keyOf(cache::Kind::Code, codeFields(*module, targets[0])).hex;
  TENON_ASSIGN(const cache::Fields weights, weightFields(*module, model.directory, sources));
  keys.weights = keyOf(cache::Kind::Weights, weights).hex;
  return keys;
}

class CacheKeys : public testing::Test {
protected:
  CacheKeys() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    for (const auto &file : fs::directory_iterator(TENON_TEST_DATA "/models/verse-1m"))
      if (file.is_regular_file())
        fs::copy_file(file.path(), folder_ + "/" + file.path().filename().string());
    base_.options.model = folder_;
    base_.options.targets = {"cpu:x86-64-v3"};
    base_.options.stepTokens = {1, 4};
    base_.options.quant = "int8_wo";
    base_.sources = {Digest{1}};
    auto keys = keysOf(base_);
    EXPECT_TRUE(keys.isOk()) << keys.status().message();
    if (keys.isOk())
      keys_ = *keys;
  }
  ~CacheKeys() override { fs::remove_all(folder_); }

  static std::string read(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string &name, const std::string &text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
  }

  std::string folder_ = testing::TempDir() + "tenon-keys-" + std::to_string(getpid());
  Case base_;
  Keys keys_;
};

using Change = std::function<void(Case &)>;

Change inOptions(std::function<void(CompileOptions &)> change) {
  return [=](Case &c) { change(c.options); };
}
Change inModel(std::function<void(OpenedModel &)> change) {
  return [=](Case &c) { c.change = change; };
}

// For each row of the table at least one change; where the table says "yes", one of them must be felt.
std::multimap<std::string, Change> changes() {
  return {
      {"CompileOptions.model", nullptr}, // another folder: see SameFilesElsewhere
      {"CompileOptions.output", inOptions([](auto &o) { o.output = "elsewhere.tenon"; })},
      {"CompileOptions.targets", inOptions([](auto &o) { o.targets = {"cpu:x86-64-v4"}; })},
      {"CompileOptions.targets", inOptions([](auto &o) { o.targets = {"cpu:sapphirerapids"}; })},
      {"CompileOptions.quant", inOptions([](auto &o) { o.quant = "int4_wo"; })},
      {"CompileOptions.quant", inOptions([](auto &o) { o.quant = "int8_wo; layers.0.q=bf16"; })},
      {"CompileOptions.kv", inOptions([](auto &o) { o.kv = "int8"; })},
      {"CompileOptions.activations", inOptions([](auto &o) { o.activations = "float"; })},
      {"CompileOptions.maxBatch", inOptions([](auto &o) { o.maxBatch = 2; })},
      {"CompileOptions.maxSeq", inOptions([](auto &o) { o.maxSeq = 128; })},
      {"CompileOptions.pageTokens", inOptions([](auto &o) { o.pageTokens = 32; })},
      {"CompileOptions.kvTokens", inOptions([](auto &o) { o.kvTokens = 2048; })},
      {"CompileOptions.stepTokens", inOptions([](auto &o) { o.stepTokens = {1, 8}; })},
      {"CompileOptions.logitRows", inOptions([](auto &o) { o.logitRows = {1}; })},
      {"CompileOptions.externalWeights", inOptions([](auto &o) { o.externalWeights = true; })},
      {"CompileOptions.jobs", inOptions([](auto &o) { o.jobs = 3; })},
      {"CompileOptions.maxMemory", inOptions([](auto &o) { o.maxMemory = 64 << 20; })},
      {"CompileOptions.depfile", inOptions([](auto &o) { o.depfile = "m.d"; })},
      {"CompileOptions.cache", inOptions([](auto &o) { o.cache = "/nowhere"; })},
      {"CompileOptions.cacheSize", inOptions([](auto &o) { o.cacheSize = 1; })},
      {"CompileOptions.cacheReadOnly", inOptions([](auto &o) { o.cacheReadOnly = true; })},
      {"CompileOptions.requireHit", inOptions([](auto &o) { o.requireHit = true; })},
      {"CompileOptions.cacheRemote", inOptions([](auto &o) { o.cacheRemote = "http://elsewhere/"; })},
      {"CompileOptions.cacheRemoteKey", inOptions([](auto &o) { o.cacheRemoteKey = "/secret.key"; })},
      {"CompileOptions.cacheRemoteTrust", inOptions([](auto &o) { o.cacheRemoteTrust = "/ring.pub"; })},
      {"CompileOptions.cacheRemoteTimeout", inOptions([](auto &o) { o.cacheRemoteTimeout = 1; })},
      {"CompileOptions.note", inOptions([](auto &o) { o.note = [](auto &) {}; })},
      {"CompileOptions.warn", inOptions([](auto &o) { o.warn = [](auto &) {}; })},
      {"CompileOptions.progress", inOptions([](auto &o) { o.progress = [](auto &, uint64_t, uint64_t) {}; })},

      {"ShapeChoice.maxSequences", inModel([](auto &m) { m.shape.maxSequences = 3; })},
      {"ShapeChoice.maxContext", inModel([](auto &m) { m.shape.maxContext = 64; })},
      {"ShapeChoice.pageTokens", inModel([](auto &m) { m.shape.pageTokens = 32; })},
      {"ShapeChoice.pages", inModel([](auto &m) { m.shape.pages += 1; })},
      {"ShapeChoice.bodyRows", inModel([](auto &m) { m.shape.bodyRows = {1}; })},
      {"ShapeChoice.headRows", inModel([](auto &m) { m.shape.headRows = {1}; })},

      {"ModelDirectory.source", inModel([](auto &m) { m.directory.source = "elsewhere"; })},
      {"ModelDirectory.weights", inModel([](auto &m) {
         m.directory.weights = WeightSource::Random;
         m.directory.checkpoint.reset();
       })},
      {"ModelDirectory.configText", inModel([](auto &m) { m.directory.configText += " "; })},
      {"ModelDirectory.config", nullptr},     // see EveryFieldOfTheConfig
      {"ModelDirectory.generation", nullptr}, // by its members
      {"ModelDirectory.checkpoint", [](Case &c) { c.sources[0][31] ^= 1; }},
      {"ModelDirectory.tokenizer", nullptr}, // by its members
      {"ModelDirectory.files", inModel([](auto &m) { m.directory.files.push_back("more"); })},

      {"TokenizerFiles.tokenizer", inModel([](auto &m) { m.directory.tokenizer.tokenizer += " "; })},
      {"TokenizerFiles.tokenizerConfig", inModel([](auto &m) { m.directory.tokenizer.tokenizerConfig += " "; })},
      {"TokenizerFiles.specialTokensMap", inModel([](auto &m) { m.directory.tokenizer.specialTokensMap += " "; })},
      {"TokenizerFiles.chatTemplate", inModel([](auto &m) { m.directory.tokenizer.chatTemplate += " "; })},
      {"TokenizerFiles.absence", inModel([](auto &m) { m.directory.tokenizer.absence += " "; })},

      {"Generation.bosIds", inModel([](auto &m) { m.directory.generation.bosIds.push_back(1); })},
      {"Generation.eosIds", inModel([](auto &m) { m.directory.generation.eosIds.push_back(1); })},
      {"Generation.padIds", inModel([](auto &m) { m.directory.generation.padIds.push_back(1); })},
      {"Generation.doSample", inModel([](auto &m) { m.directory.generation.doSample = false; })},
      {"Generation.temperature", inModel([](auto &m) { m.directory.generation.temperature = 0.70001; })},
      {"Generation.topP", inModel([](auto &m) { m.directory.generation.topP = 0.3; })},
      {"Generation.minP", inModel([](auto &m) { m.directory.generation.minP = 0.3; })},
      {"Generation.topK", inModel([](auto &m) { m.directory.generation.topK = 3; })},
      {"Generation.repetitionPenalty", inModel([](auto &m) { m.directory.generation.repetitionPenalty = 1.5; })},
  };
}

TEST_F(CacheKeys, ChangeExactlyWhereTheTableSaysSo) {
  Lowering lowering(base_.options);
  auto opened = lowering.open();
  ASSERT_TRUE(opened.isOk());
  const auto all = changes();
  std::set<std::string> rows;
  for (const KeyRow &row : keyRows(base_.options, opened->directory, opened->shape)) {
    const std::string name = row.owner + "." + row.member;
    rows.insert(name);
    EXPECT_TRUE(all.contains(name)) << "no change for " << name;
    bool engine = false, code = false, weights = false, tried = false;
    for (auto [at, end] = all.equal_range(name); at != end; ++at) {
      if (!at->second)
        continue;
      Case changed = base_;
      at->second(changed);
      auto keys = keysOf(changed);
      ASSERT_TRUE(keys.isOk()) << name << ": " << keys.status().message();
      tried = true;
      engine |= keys->engine != keys_.engine;
      code |= keys->code != keys_.code;
      weights |= keys->weights != keys_.weights;
    }
    if (!tried)
      continue;
    EXPECT_EQ(engine, row.engine) << name;
    // The text of a config reaches code and weights by what is built from it.
    if (name == "ModelDirectory.configText" || name == "ModelDirectory.checkpoint")
      EXPECT_FALSE(code) << name;
    else
      EXPECT_EQ(code, row.code) << name;
    if (name == "ModelDirectory.configText")
      EXPECT_FALSE(weights) << name;
    else
      EXPECT_EQ(weights, row.weights) << name;
  }
  for (const auto &[name, change] : all)
    EXPECT_TRUE(rows.contains(name)) << name << " has no row in the table";
}

// The same files in another folder, under another kind of name.
TEST_F(CacheKeys, SameFilesElsewhere) {
  Case moved = base_;
  moved.options.model = TENON_TEST_DATA "/models/verse-1m";
  auto keys = keysOf(moved);
  ASSERT_TRUE(keys.isOk());
  EXPECT_EQ(keys->engine, keys_.engine);
  EXPECT_EQ(keys->code, keys_.code);
  EXPECT_EQ(keys->weights, keys_.weights);
}

// Every field of config.json, one at a time: the engine's key always changes. Where code or weights keep their keys,
// so does the module that they are made from, or the field only names something.
TEST_F(CacheKeys, EveryFieldOfTheConfig) {
  const std::string text = read(folder_ + "/config.json");
  auto document = parseJson(text, "config.json");
  ASSERT_TRUE(document.isOk());
  auto members = document->root().asObject();
  ASSERT_TRUE(members.isOk());
  std::set<std::string> reachCode, reachWeights, tried;
  for (auto [name, value] : *members) {
    // Another value of the same kind, at the place of this one.
    const std::string quoted = "\"" + std::string(name) + "\"";
    const size_t at = text.find(quoted);
    ASSERT_NE(at, std::string::npos);
    const size_t begin = text.find_first_not_of(": ", at + quoted.size());
    size_t end = text.find_first_of(",\n}", begin);
    if (text[begin] == '[' || text[begin] == '{')
      end = text.find(text[begin] == '[' ? ']' : '}', begin) + 1;
    const std::string old = text.substr(begin, end - begin);
    for (const char *other : {"1e-3", "2", "4", "64", "100000.0", "true", "false", "null", "\"gelu\"", "[4090]"}) {
      if (old == other)
        continue;
      write("config.json", text.substr(0, begin) + other + text.substr(end));
      auto keys = keysOf(base_);
      if (!keys.isOk())
        continue; // refused: there is nothing to cache
      tried.insert(std::string(name));
      EXPECT_NE(keys->engine, keys_.engine) << name << " = " << other;
      if (keys->code != keys_.code)
        reachCode.insert(std::string(name));
      if (keys->weights != keys_.weights)
        reachWeights.insert(std::string(name));
    }
  }
  EXPECT_GE(tried.size(), 8u);
  EXPECT_THAT(reachCode, testing::IsSupersetOf({"rms_norm_eps", "hidden_act"}));
  std::string theta = text;
  theta.replace(theta.find("10000.0"), 7, "20000.0");
  write("config.json", theta);
  auto keys = keysOf(base_);
  ASSERT_TRUE(keys.isOk());
  EXPECT_NE(keys->engine, keys_.engine);
  EXPECT_NE(keys->weights, keys_.weights) << "the table of rope angles is a weight";
  for (const char *name : {"eos_token_id", "initializer_range", "torch_dtype", "dtype", "transformers_version"})
    EXPECT_FALSE(reachCode.contains(name) || reachWeights.contains(name)) << name;
}

TEST_F(CacheKeys, EveryWeightByteAndEveryBuild) {
  for (size_t byte = 0; byte < 32; ++byte) {
    Case changed = base_;
    changed.sources[0][byte] ^= 0x80;
    auto keys = keysOf(changed);
    ASSERT_TRUE(keys.isOk());
    EXPECT_NE(keys->engine, keys_.engine);
    EXPECT_EQ(keys->code, keys_.code);
    EXPECT_NE(keys->weights, keys_.weights);
  }
  // Each field of each kind counts: whatever names a build, a target or a tensor is a field.
  Lowering lowering(base_.options);
  const auto targets = lowering.targets();
  auto opened = lowering.open();
  ASSERT_TRUE(targets.isOk() && opened.isOk());
  const cache::Fields fields = engineFields(base_.options, opened->directory, opened->shape, *targets, base_.sources);
  for (const char *name : {"build.program", "build.libLLVM", "build.libMLIR", "build.libm", "compiler"})
    EXPECT_TRUE(fields.contains(name)) << name;
  for (const auto &[name, value] : fields) {
    cache::Fields changed = fields;
    changed[name] += "x";
    EXPECT_NE(keyOf(cache::Kind::Engine, changed).hex, keys_.engine) << name;
  }
}

// Features beyond a target's name are part of its key; all targets store weights in one way.
TEST_F(CacheKeys, EveryTarget) {
  std::set<std::string> code, weights;
  const std::vector<std::string> specs = {"cpu:x86-64-v3",
                                          "cpu:x86-64-v4",
                                          "cpu:x86-64-v4+avx512bf16",
                                          "cpu:x86-64-v4+avx512vnni",
                                          "cpu:x86-64-v4+avx512bf16+avx512vnni",
                                          "cpu:sapphirerapids",
                                          "cpu:aarch64",
                                          "cpu:aarch64-neoverse-v1"};
  for (const std::string &spec : specs) {
    Case changed = base_;
    changed.options.targets = {spec};
    changed.options.quant = "bf16";
    auto keys = keysOf(changed);
    ASSERT_TRUE(keys.isOk()) << spec;
    code.insert(keys->code);
    weights.insert(keys->weights);
  }
  EXPECT_EQ(code.size(), specs.size());
  EXPECT_EQ(weights.size(), 1u);
}

} // namespace
