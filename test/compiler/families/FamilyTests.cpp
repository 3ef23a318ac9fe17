// The way from config and checkpoint to a module, where they do not fit each other.
#include "compiler/families/Family.h"
#include "compiler/families/RopeAttribute.h"
#include "test/compiler/import/SafetensorsFile.h"

#include "mlir/AsmParser/AsmParser.h"
#include <gmock/gmock.h>

using namespace tenon;
using testing::HasSubstr;

namespace {

struct Tensor {
  std::string name, shape, dtype = "F32";
  uint64_t bytes;
  char fill = 0;
};

uint64_t elements(const std::string &shape) {
  uint64_t n = 1;
  for (size_t at = 1; at < shape.size(); at = shape.find_first_of(",]", at) + 1)
    n *= std::stoull(shape.substr(at));
  return n;
}

// A folder with a tiny Llama: hidden 4, 2 heads of 2, intermediate 6, vocabulary 5, one layer. Tests change its
// tensors.
class FamilyFolder : public testing::Test {
protected:
  FamilyFolder() {
    for (auto [name, shape] : std::initializer_list<std::pair<const char *, const char *>>{
             {"model.embed_tokens.weight", "[5,4]"},
             {"model.norm.weight", "[4]"},
             {"lm_head.weight", "[5,4]"},
             {"model.layers.0.input_layernorm.weight", "[4]"},
             {"model.layers.0.self_attn.q_proj.weight", "[4,4]"},
             {"model.layers.0.self_attn.k_proj.weight", "[4,4]"},
             {"model.layers.0.self_attn.v_proj.weight", "[4,4]"},
             {"model.layers.0.self_attn.o_proj.weight", "[4,4]"},
             {"model.layers.0.post_attention_layernorm.weight", "[4]"},
             {"model.layers.0.mlp.gate_proj.weight", "[6,4]"},
             {"model.layers.0.mlp.up_proj.weight", "[6,4]"},
             {"model.layers.0.mlp.down_proj.weight", "[4,6]"}})
      add(name, shape);
  }
  void add(std::string name, std::string shape, std::string dtype = "F32", char fill = 0) {
    tensors.push_back({name, shape, dtype, elements(shape) * (dtype == "F32" ? 4 : dtype == "I64" ? 8 : 2), fill});
  }
  Tensor &tensor(const std::string &name) {
    return *std::find_if(tensors.begin(), tensors.end(), [&](const Tensor &t) { return t.name == name; });
  }
  void reshape(const std::string &name, const std::string &shape, const std::string &dtype = "F32") {
    Tensor old = tensor(name);
    remove(name);
    add(name, shape, dtype, old.fill);
  }
  void remove(const std::string &name) {
    std::erase_if(tensors, [&](const Tensor &t) { return t.name == name; });
  }

  Status build(const std::string &extra = "", BuildOptions options = {8, 1, 4, 0}) {
    std::string header, data;
    for (const Tensor &t : tensors) {
      header += (header.empty() ? "{" : ",") + entry(t.name, t.dtype, t.shape, data.size(), data.size() + t.bytes);
      data += std::string(t.bytes, t.fill);
    }
    folder.write("model.safetensors", safetensorsFile(header + "}", 0) + data);
    folder.write("config.json",
                 R"({"model_type": "llama", "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
      "intermediate_size": 6, "vocab_size": 5, "max_position_embeddings": 16, "rms_norm_eps": 1e-5)" +
                     extra + "}");
    TENON_ASSIGN(ModelDirectory directory, ModelDirectory::open(folder.path()));
    TENON_ASSIGN(std::unique_ptr<FamilyModel> model, readModel(directory.config));
    facts = model->facts();
    TENON_ASSIGN(module, model->build(context, directory, options));
    return Status::ok();
  }

  Folder folder;
  std::vector<Tensor> tensors;
  ModelFacts facts;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(FamilyFolder, BuildsAndKnowsItsFacts) {
  Status status = build(R"(, "bos_token_id": 1, "eos_token_id": [2, 3])");
  ASSERT_TRUE(status.isOk()) << status.message();
  EXPECT_EQ(facts.family, "llama");
  EXPECT_EQ(facts.vocab, 5);
  EXPECT_EQ(facts.contextLimit, 16);
  EXPECT_EQ(facts.eosIds, (std::vector<int64_t>{2, 3}));
  uint64_t stored = 0;
  for (const Tensor &t : tensors)
    stored += t.bytes / 4;
  EXPECT_EQ(static_cast<uint64_t>(facts.parameters), stored);
}

TEST_F(FamilyFolder, CountsTiedAndBiasParameters) {
  remove("lm_head.weight");
  for (const char *name : {"q", "k", "v", "o"})
    add("model.layers.0.self_attn." + std::string(name) + "_proj.bias", "[4]");
  Status status = build(R"(, "tie_word_embeddings": true, "attention_bias": true)");
  ASSERT_TRUE(status.isOk()) << status.message();
  uint64_t stored = 0;
  for (const Tensor &t : tensors)
    stored += t.bytes / 4;
  EXPECT_EQ(static_cast<uint64_t>(facts.parameters), stored);
}

TEST_F(FamilyFolder, MissingTensor) {
  remove("model.layers.0.mlp.up_proj.weight");
  Status status = build();
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(),
              HasSubstr("model.layers.0.mlp.up_proj.weight is missing, expected a tensor of shape [6, 4] "
                        "(intermediate_size x hidden_size)"));
}

TEST_F(FamilyFolder, MisshapenTensor) {
  reshape("model.layers.0.mlp.down_proj.weight", "[4,5]");
  Status status = build();
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(), HasSubstr("model.layers.0.mlp.down_proj.weight has shape [4, 5], expected [4, 6] "
                                          "(hidden_size x intermediate_size)\n  in model.safetensors, header byte "));
}

TEST_F(FamilyFolder, SameElementsInAnotherShape) {
  for (const char *shape : {"[6,4]", "[24]", "[4,6,1]", "[1,4,6]"}) {
    reshape("model.layers.0.mlp.down_proj.weight", shape);
    EXPECT_EQ(build().code(), Code::InvalidFile) << shape;
  }
}

TEST_F(FamilyFolder, KeyValueShapesFollowTheirOwnHeads) {
  Status status = build(R"(, "num_key_value_heads": 1)");
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(), HasSubstr("self_attn.k_proj.weight has shape [4, 4], expected [2, 4] "
                                          "(num_key_value_heads * head_dim x hidden_size)"));
}

TEST_F(FamilyFolder, TensorOfIntegers) {
  reshape("model.norm.weight", "[4]", "I64");
  Status status = build();
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_THAT(status.message(), HasSubstr("model.norm.weight has elements of type I64, expected BF16, F16 or F32"));
}

TEST_F(FamilyFolder, MixedTypesKeepTheirOwn) {
  reshape("model.norm.weight", "[4]", "BF16");
  reshape("lm_head.weight", "[5,4]", "F16");
  ASSERT_TRUE(build().isOk());
  EXPECT_TRUE(module->lookupSymbol<model::WeightOp>("norm").getTensorType().getElementType().isBF16());
  EXPECT_TRUE(module->lookupSymbol<model::WeightOp>("lm_head").getTensorType().getElementType().isF16());
  EXPECT_TRUE(module->lookupSymbol<model::WeightOp>("embed").getTensorType().getElementType().isF32());
}

TEST_F(FamilyFolder, LeftOverTensorsAreRefused) {
  add("model.layers.0.self_attn.q_proj.bias", "[4]");
  Status status = build();
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_THAT(status.message(), HasSubstr("model.layers.0.self_attn.q_proj.bias"));
}

TEST_F(FamilyFolder, ALayerBeyondTheConfigIsRefused) {
  add("model.layers.1.input_layernorm.weight", "[4]");
  EXPECT_EQ(build().code(), Code::Unsupported);
}

TEST_F(FamilyFolder, StoredRotaryFrequenciesAreHarmless) {
  add("model.layers.0.self_attn.rotary_emb.inv_freq", "[1]");
  EXPECT_TRUE(build().isOk());
}

TEST_F(FamilyFolder, ATiedHeadMayBeStoredTwiceButNotDiffer) {
  EXPECT_TRUE(build(R"(, "tie_word_embeddings": true)").isOk());
  tensor("lm_head.weight").fill = 1;
  Status status = build(R"(, "tie_word_embeddings": true)");
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(),
              HasSubstr("lm_head.weight (in model.safetensors) differs from model.embed_tokens.weight"));
  EXPECT_TRUE(build().isOk()) << "an untied head may differ";
}

TEST_F(FamilyFolder, LimitsOutOfRange) {
  for (BuildOptions options :
       {BuildOptions{0, 1, 4, 0}, BuildOptions{-1, 1, 4, 0}, BuildOptions{8, 0, 4, 0}, BuildOptions{8, 1, 0, 0},
        BuildOptions{8, 1, 4, -1}, BuildOptions{INT64_MAX, 1, 4, 0}, BuildOptions{8, INT64_MAX, 4, 0},
        BuildOptions{8, 1, INT64_MAX, 0}, BuildOptions{8, 1, 4, INT64_MAX}})
    EXPECT_EQ(build("", options).code(), Code::Constraint);
  ASSERT_TRUE(build("", {8, 3, 4, 5}).isOk());
  EXPECT_EQ(mlir::cast<model::CacheType>(module->lookupSymbol<model::CacheOp>("kv.0").getType()).getPages(), 5);
}

// What is written into IR is read back: every kind, compared by the table that it makes.
TEST(RopeAttribute, RoundTrip) {
  mlir::MLIRContext context;
  context.loadDialect<model::ModelDialect>();
  for (RopeKind kind : {RopeKind::Default, RopeKind::Linear, RopeKind::Dynamic, RopeKind::Llama3, RopeKind::Yarn}) {
    RopeParameters rope;
    rope.kind = kind;
    rope.theta = 12345.678;
    rope.originalMaxPositions = 64;
    rope.factor = 3.3;
    rope.lowFreqFactor = 1.1;
    rope.highFreqFactor = 4.4;
    rope.betaFast = 31.5;
    rope.truncate = false;
    rope.mscale = 0.7;
    rope.mscaleAllDim = 0.9;
    Result<model::RopeTableAttr> attribute = ropeTableAttribute(context, rope, 16, 200);
    ASSERT_TRUE(attribute.isOk()) << attribute.status().message();
    Result<RopeTable> got = ropeTableOf(*attribute), expected = RopeTable::make(rope, 16, 200);
    ASSERT_TRUE(got.isOk()) << got.status().message();
    std::vector<float> a(16), b(16);
    got->rows(199, 1, a.data());
    expected->rows(199, 1, b.data());
    EXPECT_EQ(a, b) << name(kind);
  }
}

TEST(RopeAttribute, RefusesWhatIsNoRope) {
  mlir::MLIRContext context;
  context.loadDialect<model::ModelDialect>();
  auto message = [&](std::string dictionary) {
    auto attribute =
        mlir::cast<model::RopeTableAttr>(mlir::parseAttribute("#model.rope_table<8, 4, " + dictionary + ">", &context));
    Result<RopeTable> table = ropeTableOf(attribute);
    EXPECT_FALSE(table.isOk()) << dictionary;
    return table.isOk() ? "" : table.status().message();
  };
  EXPECT_THAT(message("{}"), HasSubstr("rope table: rope_type: expected a name"));
  EXPECT_THAT(message("{rope_type = \"su\"}"), HasSubstr("\"su\" is none of default, linear, dynamic, llama3, yarn"));
  EXPECT_THAT(message("{rope_type = \"default\"}"), HasSubstr("rope_theta: expected a finite number"));
  EXPECT_THAT(message("{rope_type = \"default\", rope_theta = 10000}"),
              HasSubstr("rope_theta: expected a finite number"));
  EXPECT_THAT(message("{rope_type = \"default\", rope_theta = 0x7FF0000000000000 : f64}"),
              HasSubstr("rope_theta: expected a finite number"));
  EXPECT_THAT(message("{rope_type = \"default\", rope_theta = 1.0e4, factor = 2.0}"),
              HasSubstr("a number that \"default\" does not have"));
  EXPECT_THAT(
      message("{rope_type = \"dynamic\", rope_theta = 1.0e4, factor = 2.0, original_max_position_embeddings = 0}"),
      HasSubstr("original_max_position_embeddings: expected a whole number from 1 to 2^30"));
}

TEST(Families, EveryConfigThatIsShippedIsKnown) {
  for (const char *name : {"llama-3-70b", "llama-3-8b", "llama-3.2-1b", "tinyllama-1.1b"}) {
    mlir::MLIRContext context;
    Result<ModelDirectory> directory =
        ModelDirectory::open(std::string("zeros:" TENON_TEST_DATA "/models/configs/") + name + ".json");
    ASSERT_TRUE(directory.isOk()) << directory.status().message();
    Result<std::unique_ptr<FamilyModel>> model = readModel(directory->config);
    ASSERT_TRUE(model.isOk()) << model.status().message();
    auto module = (*model)->build(context, *directory, {(*model)->facts().contextLimit, 4, 64, 0});
    ASSERT_TRUE(module.isOk()) << module.status().message();
  }
}

// From the models' cards: 70.6 and 8.03 billion, 1.24 billion with its head tied, 1.1 billion.
TEST(Families, ParameterCountsArePublishedOnes) {
  for (auto [name, billions] : std::initializer_list<std::pair<const char *, double>>{
           {"llama-3-70b", 70.55}, {"llama-3-8b", 8.030}, {"llama-3.2-1b", 1.236}, {"tinyllama-1.1b", 1.100}}) {
    Result<ModelDirectory> directory =
        ModelDirectory::open(std::string("zeros:" TENON_TEST_DATA "/models/configs/") + name + ".json");
    ASSERT_TRUE(directory.isOk());
    EXPECT_NEAR(static_cast<double>((*readModel(directory->config))->facts().parameters) / 1e9, billions,
                0.001 * billions)
        << name;
  }
}

} // namespace
