module stage/stand_ins

go 1.24
