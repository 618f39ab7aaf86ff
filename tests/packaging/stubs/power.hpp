constexpr int exponent = 5;
