module trolley/problems

go 1.22
