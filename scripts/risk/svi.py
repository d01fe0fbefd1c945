"""Raw SVI slices fitted to a chain, and the Black-76 that goes with them. Float64; for studies, not for margin."""

import math

YEAR = 31_536_000


def cdf(x):
    return math.erfc(-x / math.sqrt(2)) / 2


def black76(right, forward, strike, deviation):
    """Undiscounted; deviation is vol sqrt(tau)."""
    if deviation <= 1e-12:
        return max(forward - strike, 0.0) if right == "C" else max(strike - forward, 0.0)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    if right == "C":
        return forward * cdf(d1) - strike * cdf(d1 - deviation)
    return strike * cdf(deviation - d1) - forward * cdf(-d1)


class Slice:
    """Total variance by log-moneyness, of a time to expiry in years."""

    def __init__(self, a, b, rho, m, sigma, tau):
        self.a, self.b, self.rho, self.m, self.sigma, self.tau = a, b, rho, m, sigma, tau

    def variance(self, k):
        x = k - self.m
        return self.a + self.b * (self.rho * x + math.sqrt(x * x + self.sigma * self.sigma))

    def vol(self, k):
        return math.sqrt(max(self.variance(k), 0.0) / self.tau)

    def scaled(self, ratio):
        """The same shape at `ratio` times the volatility."""
        return Slice(self.a * ratio ** 2, self.b * ratio ** 2, self.rho, self.m, self.sigma, self.tau)

    def terms(self):
        text = lambda x: format(x, ".15f")
        return {"a": text(self.a), "b": text(self.b), "rho": text(self.rho), "m": text(self.m), "sigma": text(self.sigma)}


def unpacked(x, tau):
    """Coordinates in which every point is a slice of positive variance."""
    b, rho, m, sigma = math.exp(min(x[1], 1)), math.tanh(x[2]), x[3], math.exp(min(x[4], 0.4))
    b = min(b, 1.99 / (1 + abs(rho)))
    least = math.exp(min(x[0], 3))
    return Slice(least - b * sigma * math.sqrt(1 - rho * rho), b, rho, m, sigma, tau)


def fit(points, tau):
    """The slice nearest to (k, vol, weight) points, and its weighted root mean square error in volatility."""
    def cost(x):
        slice_ = unpacked(x, tau)
        error = sum(w * (slice_.vol(k) - v) ** 2 for k, v, w in points)
        return error / total
    total = sum(w for _, _, w in points)
    near = min(points, key=lambda p: abs(p[0]))[1] ** 2 * tau
    start = [math.log(near * 0.7), math.log(max(0.3 * math.sqrt(near), 1e-4)), -0.3, 0.0, math.log(max(math.sqrt(near), 0.02))]
    best = minimise(cost, start, 500)
    best = minimise(cost, best, 300)
    return unpacked(best, tau), math.sqrt(cost(best))


def minimise(f, start, most):
    """Nelder and Mead's simplex."""
    simplex = [start] + [[x + (0.3 if i == j else 0) for j, x in enumerate(start)] for i in range(len(start))]
    simplex = sorted(((f(x), x) for x in simplex), key=lambda e: e[0])
    for _ in range(most):
        centre = [sum(x[j] for _, x in simplex[:-1]) / (len(simplex) - 1) for j in range(len(start))]
        last = simplex[-1][1]
        move = lambda t: [c + t * (c - x) for c, x in zip(centre, last)]
        tries = [move(1.0)]
        first = f(tries[0])
        if first < simplex[0][0]:
            far = move(2.0)
            value = f(far)
            new = (value, far) if value < first else (first, tries[0])
        elif first < simplex[-2][0]:
            new = (first, tries[0])
        else:
            near = move(0.5 if first < simplex[-1][0] else -0.5)
            value = f(near)
            if value < min(first, simplex[-1][0]):
                new = (value, near)
            else:
                top = simplex[0][1]
                simplex = [simplex[0]] + [(f(y), y) for y in ([(a + b) / 2 for a, b in zip(x, top)] for _, x in simplex[1:])]
                simplex.sort(key=lambda e: e[0])
                continue
        simplex[-1] = new
        simplex.sort(key=lambda e: e[0])
        if simplex[-1][0] - simplex[0][0] < 1e-16:
            break
    return simplex[0][1]


def fitted(snapshot):
    """Slices of a snapshot's expiries, and the errors of their fits."""
    slices, errors = {}, []
    for expiry in snapshot.expiries(1800):
        tau = (expiry - snapshot.time) / YEAR
        forward = snapshot.forwards[expiry]
        points = []
        for q in snapshot.slice(expiry):
            # The side out of the money, where the volatility is what the price says.
            if abs(q.delta) <= 0.55 and 0.01 < q.iv < 5:
                points.append((math.log(q.strike / forward), q.iv, 0.05 + min(abs(q.delta), 0.5)))
        if len(points) >= 5:
            slices[expiry], error = fit(points, tau)
            errors.append(error)
    return slices, errors
