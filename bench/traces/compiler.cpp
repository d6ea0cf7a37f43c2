#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

struct Number { double value; };
struct Name { std::string text; };
struct Expression;
using Node = std::variant<Number, Name, std::vector<std::shared_ptr<Expression>>>;
struct Expression { char operation; Node node; };

class Parser {
    std::string text;
    std::size_t at = 0;
    char peek() const { return at < text.size() ? text[at] : '\0'; }
    std::shared_ptr<Expression> term() {
        if (std::isdigit(peek())) {
            std::size_t used = 0;
            double value = std::stod(text.substr(at), &used);
            at += used;
            return std::make_shared<Expression>(Expression{'#', Number{value}});
        }
        std::string name;
        while (std::isalpha(peek())) name += text[at++];
        return std::make_shared<Expression>(Expression{'$', Name{name}});
    }
public:
    explicit Parser(std::string given) : text(std::move(given)) {}
    std::shared_ptr<Expression> parse() {
        auto left = term();
        while (peek() == '+' || peek() == '*') {
            char operation = text[at++];
            std::vector<std::shared_ptr<Expression>> both{left, term()};
            left = std::make_shared<Expression>(Expression{operation, both});
        }
        return left;
    }
};

double value_of(const Expression &expression, const std::map<std::string, double> &names) {
    return std::visit([&](const auto &node) -> double {
        using Kind = std::decay_t<decltype(node)>;
        if constexpr (std::is_same_v<Kind, Number>) return node.value;
        else if constexpr (std::is_same_v<Kind, Name>) return names.at(node.text);
        else {
            double result = expression.operation == '+' ? 0 : 1;
            for (const auto &part : node) {
                double value = value_of(*part, names);
                result = expression.operation == '+' ? result + value : result * value;
            }
            return result;
        }
    }, expression.node);
}

int main() {
    std::map<std::string, double> names{{"a", 1}, {"b", 2}};
    std::unordered_map<std::string, std::function<double(double)>> functions;
    functions["twice"] = [](double x) { return 2 * x; };
    std::regex line("(\\w+)\\s*=\\s*(.*)");
    std::string text;
    std::vector<std::pair<std::string, double>> results;
    while (std::getline(std::cin, text)) {
        std::smatch match;
        if (!std::regex_match(text, match, line)) continue;
        double value = value_of(*Parser(match[2]).parse(), names);
        names[match[1]] = functions["twice"](value);
        results.emplace_back(match[1], value);
    }
    std::sort(results.begin(), results.end(), [](auto &x, auto &y) { return x.second < y.second; });
    std::ostringstream out;
    for (auto &[name, value] : results) out << name << ' ' << value << '\n';
    std::cout << out.str();
}
